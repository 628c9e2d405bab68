package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

const (
	file = "runtime-v2.proto"
	pkg  = "wasmcloud.runtime.v2."
)

//go:embed runtime-v2.proto
var source string

// schema has the messages of the file, which is compiled when the program starts: there is no generated code.
type schema struct {
	messages protoreflect.MessageDescriptors
}

// exchange is what a command sends and is answered; an empty name is the empty object.
type exchange struct{ request, reply string }

var exchanges = map[string]exchange{
	"heartbeat":       {"", "HostHeartbeat"},
	"workload.start":  {"WorkloadStartRequest", "WorkloadStartResponse"},
	"workload.status": {"WorkloadStatusRequest", "WorkloadStatusResponse"},
	"workload.stop":   {"WorkloadStopRequest", "WorkloadStopResponse"},
}

func compile() (schema, error) {
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
			Accessor: protocompile.SourceAccessorFromMap(map[string]string{file: source}),
		}),
	}
	files, err := compiler.Compile(context.Background(), file)
	if err != nil {
		return schema{}, err
	}
	return schema{files[0].Messages()}, nil
}

func (types schema) read(name string, text []byte) (proto.Message, error) {
	descriptor := types.messages.ByName(protoreflect.Name(name))
	if descriptor == nil {
		return nil, fmt.Errorf("there is no message %s%s", pkg, name)
	}
	message := dynamicpb.NewMessage(descriptor)
	return message, protojson.Unmarshal(text, message)
}

// request gives what goes out for a command.
func (types schema) request(command string, text json.RawMessage) ([]byte, error) {
	found, is := exchanges[command]
	if !is {
		return nil, fmt.Errorf("there is no command %s", command)
	}
	if found.request == "" {
		return []byte("{}"), nil
	}
	message, err := types.read(found.request, text)
	if err != nil {
		return nil, err
	}
	return protojson.Marshal(message)
}

// reply reads what came for a command.
func (types schema) reply(command string, text []byte) (told, error) {
	if name := exchanges[command].reply; name != "HostHeartbeat" {
		return types.transcode(name, text)
	}
	return types.heartbeat(text)
}

// heartbeat reads one, and looks whether Kubernetes would take the object that an operator makes of it.
func (types schema) heartbeat(text []byte) (told, error) {
	heard, err := types.transcode("HostHeartbeat", text)
	if err != nil {
		return heard, err
	}
	return heard, checkObject(heard.Message)
}

// transcode reads a message, and writes it again.
func (types schema) transcode(name string, text []byte) (told, error) {
	message, err := types.read(name, text)
	if err != nil {
		return told{}, err
	}
	again, err := protojson.Marshal(message)
	return told{Message: again}, err
}
