// Tempo in one process, as its own command starts it, but with a codec for gRPC that lets messages marshal themselves:
// under a Go of today the codec of the release panics on the messages that gogo/protobuf generated.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/golang/protobuf/proto"
	"github.com/grafana/tempo/cmd/tempo/app"
	tempolog "github.com/grafana/tempo/pkg/util/log"
	"github.com/weaveworks/common/logging"
	"github.com/weaveworks/common/server"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto"
	"gopkg.in/yaml.v2"
)

// Registered under the name of the codec that is linked in above, which it replaces.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(message interface{}) ([]byte, error) {
	if own, ok := message.(interface{ Marshal() ([]byte, error) }); ok {
		return own.Marshal()
	}
	if generated, ok := message.(proto.Message); ok {
		return proto.Marshal(generated)
	}
	return nil, fmt.Errorf("not a message: %T", message)
}

func (codec) Unmarshal(bytes []byte, message interface{}) error {
	if own, ok := message.(interface{ Unmarshal([]byte) error }); ok {
		return own.Unmarshal(bytes)
	}
	if generated, ok := message.(proto.Message); ok {
		return proto.Unmarshal(bytes, generated)
	}
	return fmt.Errorf("not a message: %T", message)
}

func main() {
	encoding.RegisterCodec(codec{})
	config := &app.Config{}
	file := flag.String("config.file", "", "configuration file")
	config.RegisterFlagsAndApplyDefaults("", flag.CommandLine)
	flag.Parse()
	if err := run(config, *file); err != nil {
		log.Fatal(err)
	}
}

func run(config *app.Config, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(raw, config); err != nil {
		return err
	}
	config.Server.LogLevel = logging.Level{}
	if err := config.Server.LogLevel.Set("warn"); err != nil {
		return err
	}
	tempolog.InitLogger(&server.Config{LogLevel: config.Server.LogLevel, LogFormat: config.Server.LogFormat})
	tempo, err := app.New(*config)
	if err != nil {
		return err
	}
	return tempo.Run()
}
