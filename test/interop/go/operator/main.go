// What an operator of wasmCloud v2 reads and writes with: Go's `protojson` in its default options, which refuse a whole message
// for one field that they do not know, and Kubernetes' rules for names and labels.
//
// `operator URL` prints `{"ready":true}` when it hears heartbeats, then one JSON line for each heartbeat and for each answer
// to a line of its standard input, in the order in which answers come, and ends with its standard input:
//
//	{"n":1,"do":"heartbeat","host":ID}                       asks the host for its heartbeat
//	{"n":2,"do":"workload.start","host":ID,"request":{…}}    likewise `workload.status` and `workload.stop`
//	{"n":3,"do":"transcode","type":"HostHeartbeat","request":{…}}
//
// A request is read as strictly as all else, and sent as `protojson` writes it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	heartbeats = "runtime.operator.heartbeat.>"
	// An operator itself waits for 5 to 60 s; what is slow on a busy machine is not what is looked at here.
	answerLimit = 30 * time.Second
	longestLine = 16 << 20
)

// asked is one line of the standard input.
type asked struct {
	N       int             `json:"n"`
	Do      string          `json:"do"`
	Host    string          `json:"host"`
	Type    string          `json:"type"`
	Request json.RawMessage `json:"request"`
}

// told is one line of the standard output.
type told struct {
	N       int    `json:"n,omitempty"`
	Ready   bool   `json:"ready,omitempty"`
	Subject string `json:"subject,omitempty"`
	// What went out, byte by byte.
	Sent string `json:"sent,omitempty"`
	// What came in, as `protojson` writes what it has read.
	Message json.RawMessage `json:"message,omitempty"`
	Problem string          `json:"problem,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("wanted: URL, but got %v", os.Args[1:]))
	}
	types, err := compile()
	if err != nil {
		fail(err)
	}
	conn, err := nats.Connect(os.Args[1])
	if err != nil {
		fail(err)
	}
	defer conn.Close()
	if err := listen(conn, types); err != nil {
		fail(err)
	}
	tell(told{Ready: true})

	var running sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var question asked
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			fail(err)
		}
		running.Add(1)
		go func() {
			defer running.Done()
			tell(answer(conn, types, question))
		}()
	}
	running.Wait()
}

func listen(conn *nats.Conn, types schema) error {
	_, err := conn.Subscribe(heartbeats, func(message *nats.Msg) {
		heard, err := types.heartbeat(message.Data)
		heard.Subject = message.Subject
		if err != nil {
			heard.Problem = err.Error()
		}
		tell(heard)
	})
	if err != nil {
		return err
	}
	return conn.Flush()
}

func answer(conn *nats.Conn, types schema, question asked) told {
	got, err := ask(conn, types, question)
	if err != nil {
		got.Problem = err.Error()
	}
	got.N = question.N
	return got
}

func ask(conn *nats.Conn, types schema, question asked) (told, error) {
	if question.Do == "transcode" {
		return types.transcode(question.Type, question.Request)
	}
	sent, err := types.request(question.Do, question.Request)
	if err != nil {
		return told{}, err
	}
	subject := fmt.Sprintf("runtime.host.%s.%s", question.Host, question.Do)
	reply, err := conn.Request(subject, sent, answerLimit)
	if err != nil {
		return told{Sent: string(sent)}, err
	}
	got, err := types.reply(question.Do, reply.Data)
	got.Sent = string(sent)
	return got, err
}

var printing sync.Mutex

func tell(line told) {
	text, err := json.Marshal(line)
	if err != nil {
		fail(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(text))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
