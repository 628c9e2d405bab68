package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	wrpc "wrpc.io/go"
	wrpcnats "wrpc.io/go/nats"
)

const (
	greeter = "inlay:demo/greeter"
	types   = "inlay:test/types"
	flows   = "inlay:interop/flows"
)

// Longest that one check may take, on a busy machine.
const deadline = 20 * time.Second

// One megabyte is the most that a server takes in a message unless it is told otherwise.
const big = 3_000_001

func call(client *wrpcnats.Client) {
	check("hello", "Hello from TypeScript", func(ctx context.Context) (any, error) {
		return invoke(ctx, client, greeter, "hello", nil, readString)
	})
	check("greet", "Hello, Gö 🌍!", func(ctx context.Context) (any, error) {
		return invoke(ctx, client, greeter, "greet", text("Gö 🌍"), readString)
	})
	check("add", uint32(4294967295), func(ctx context.Context) (any, error) {
		return invoke(ctx, client, greeter, "add", wide(4294967290, 5), readUint32)
	})
	check("echo", pattern(1000), func(ctx context.Context) (any, error) {
		return invoke(ctx, client, greeter, "echo", list(pattern(1000)), readBytes)
	})
	check("several messages", patternOf(big), func(ctx context.Context) (any, error) {
		return invoke(ctx, client, greeter, "echo", list(pattern(big)), readLongList)
	})
	check("with headers", "Hello, you!", func(ctx context.Context) (any, error) {
		header := nats.Header{
			"source-id":   {"go-peer"},
			"traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		}
		ctx = wrpcnats.ContextWithHeader(ctx, header)
		return invoke(ctx, client, greeter, "greet", text("you"), readString)
	})
	for _, value := range []uint64{0, 127, 128, 1 << 53, 1<<64 - 1} {
		check("echo-u64", value, func(ctx context.Context) (any, error) {
			var params bytes.Buffer
			if _, err := wrpc.WriteUint64(value, &params); err != nil {
				return nil, err
			}
			return invoke(ctx, client, types, "echo-u64", params.Bytes(), readUint64)
		})
	}
	words := []string{"a", "äöü", strings.Repeat("x", 3000)}
	check("echo-strings", words, func(ctx context.Context) (any, error) {
		var params bytes.Buffer
		write := func(v string, w wrpc.ByteWriter) error {
			_, err := wrpc.WriteString(v, w)
			return err
		}
		if _, err := wrpc.WriteList(words, &params, write); err != nil {
			return nil, err
		}
		return invoke(ctx, client, types, "echo-strings", params.Bytes(),
			func(r wrpc.IndexReadCloser) ([]string, error) {
				return wrpc.ReadList(r, func(r wrpc.IndexReader) (string, error) { return wrpc.ReadString(r) })
			})
	})
	check("echo-option", uint32(7), func(ctx context.Context) (any, error) {
		some, err := invoke(ctx, client, types, "echo-option", []byte{1, 7}, readOption)
		if err != nil || some == nil {
			return nil, fmt.Errorf("none came back: %w", err)
		}
		return *some, nil
	})
	check("echo-option, none", true, func(ctx context.Context) (any, error) {
		some, err := invoke(ctx, client, types, "echo-option", []byte{0}, readOption)
		return some == nil, err
	})
	check("echo-result-err", "no", func(ctx context.Context) (any, error) {
		return invoke(ctx, client, types, "echo-result-err", append([]byte{1}, text("no")...),
			func(r wrpc.IndexReadCloser) (string, error) {
				if ok, err := wrpc.ReadResultStatus(r); ok || err != nil {
					return "", fmt.Errorf("no err came back: %w", err)
				}
				return wrpc.ReadString(r)
			})
	})
	check("a function that nobody serves", "an error", func(ctx context.Context) (any, error) {
		if _, err := invoke(ctx, client, "inlay:interop/absent", "nothing", nil, readString); err != nil {
			return "an error", nil
		}
		return "none", nil
	})
	callFlows(client)
}

func callFlows(client *wrpcnats.Client) {
	zero := uint32(0)
	check("pour", patternOf(big), func(ctx context.Context) (any, error) {
		var params bytes.Buffer
		if _, err := wrpc.WriteUint64(big, &params); err != nil {
			return nil, err
		}
		return invoke(ctx, client, flows, "pour", params.Bytes(), readStream, wrpc.NewSubscribePath(&zero))
	})
	check("count", uint64(big), func(ctx context.Context) (any, error) {
		w, r, err := client.Invoke(ctx, flows, "count", []byte{0})
		if err != nil {
			return nil, err
		}
		data, err := w.Index(0)
		if err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		if err := sendStream(data, pattern(big)); err != nil {
			return nil, err
		}
		return wrpc.ReadUint64(r)
	})
}

// sendStream writes the chunks as the package's generated code does, two empty ones at its end.
func sendStream(w wrpc.IndexWriteCloser, data []byte) error {
	for len(data) > 0 {
		n := min(len(data), 8096)
		if _, err := wrpc.WriteByteList(data[:n], w); err != nil {
			return err
		}
		data = data[n:]
	}
	for range 2 {
		if _, err := wrpc.WriteUint32(0, w); err != nil {
			return err
		}
	}
	return w.Close()
}

// invoke does what the package's generator makes of a function without parameters that come later.
func invoke[T any](
	ctx context.Context, client *wrpcnats.Client, instance, name string, params []byte,
	read func(wrpc.IndexReadCloser) (T, error), paths ...wrpc.SubscribePath,
) (result T, err error) {
	w, r, err := client.Invoke(ctx, instance, name, params, paths...)
	if err != nil {
		return result, err
	}
	defer r.Close()
	// Closing alone loses what did not fit into the first message.
	if _, err := w.Write(nil); err != nil {
		return result, err
	}
	if err := w.Close(); err != nil {
		return result, err
	}
	return read(r)
}

func check(name string, wanted any, run func(context.Context) (any, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	got, err := run(ctx)
	line := map[string]any{"check": name, "ok": err == nil && reflect.DeepEqual(got, wanted)}
	if line["ok"] == false {
		line["wanted"], line["got"] = short(wanted), short(got)
		if err != nil {
			line["got"] = err.Error()
		}
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func short(value any) string {
	text := fmt.Sprintf("%v", value)
	return text[:min(len(text), 300)]
}

// pattern gives bytes of which the one at i is i mod 251.
func pattern(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i % 251)
	}
	return data
}

// whole says how many bytes came, and whether all of them were right.
type whole struct {
	Size  int
	Right bool
}

func patternOf(size int) whole { return whole{size, true} }

func text(value string) []byte {
	var b bytes.Buffer
	_, _ = wrpc.WriteString(value, &b) // a buffer takes everything
	return b.Bytes()
}

func list(value []byte) []byte {
	var b bytes.Buffer
	_, _ = wrpc.WriteByteList(value, &b)
	return b.Bytes()
}

func wide(values ...uint32) []byte {
	var b bytes.Buffer
	for _, value := range values {
		_, _ = wrpc.WriteUint32(value, &b)
	}
	return b.Bytes()
}

func readString(r wrpc.IndexReadCloser) (string, error) { return wrpc.ReadString(r) }
func readUint32(r wrpc.IndexReadCloser) (uint32, error) { return wrpc.ReadUint32(r) }
func readUint64(r wrpc.IndexReadCloser) (uint64, error) { return wrpc.ReadUint64(r) }
func readBytes(r wrpc.IndexReadCloser) ([]byte, error)  { return wrpc.ReadByteList(r) }

func readOption(r wrpc.IndexReadCloser) (*uint32, error) {
	return wrpc.ReadOption(r, func(r wrpc.ByteReader) (uint32, error) { return wrpc.ReadUint32(r) })
}

// readLongList takes as many messages as it needs; the package's own reader of lists takes one.
func readLongList(r wrpc.IndexReadCloser) (whole, error) {
	size, err := wrpc.ReadUint32(r)
	if err != nil {
		return whole{}, err
	}
	data := make([]byte, size)
	_, err = io.ReadFull(r, data)
	return whole{len(data), bytes.Equal(data, pattern(len(data)))}, err
}

func readStream(r wrpc.IndexReadCloser) (whole, error) {
	stream, err := wrpc.ReadByteStream(r, 0)
	if err != nil {
		return whole{}, err
	}
	defer stream.Close()
	data, err := io.ReadAll(stream)
	return whole{len(data), bytes.Equal(data, pattern(len(data)))}, err
}
