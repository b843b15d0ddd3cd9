// A user's program with OpenBao's Go client: address and token come from the environment, the parts to run from the
// command line. It ends with status 1 at the first thing that is not as with Vault, and says what.
package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/openbao/openbao/api/v2"
)

var parts = map[string]func(*api.Client){
	"system":     system,
	"transit":    transit,
	"signatures": signatures,
	"material":   material,
	"kv1":        kv1,
	"kv2":        kv2,
	"tokens":     tokens,
	"policies":   policies,
	"approle":    approle,
	"userpass":   userpass,
	"wrapping":   wrapping,
}

func main() {
	log.SetFlags(log.Lshortfile)
	for _, name := range os.Args[1:] {
		part, known := parts[name]
		expect(known, "a part called "+name)
		client, err := api.NewClient(api.DefaultConfig())
		check(err)
		part(client)
		fmt.Println(name)
	}
}

func check(err error) {
	if err != nil {
		_ = log.Output(2, err.Error())
		os.Exit(1)
	}
}

func expect(holds bool, what ...any) {
	if !holds {
		_ = log.Output(2, "expected: "+fmt.Sprint(what...))
		os.Exit(1)
	}
}

// A refusal is of the client's own type, with the status and one of the texts in it.
func refused(err error, status int, text string) {
	var response *api.ResponseError
	if !errors.As(err, &response) {
		_ = log.Output(2, fmt.Sprint("expected a refusal: ", err))
		os.Exit(1)
	}
	if response.StatusCode != status || !strings.Contains(strings.Join(response.Errors, "\n"), text) {
		_ = log.Output(2, fmt.Sprint("expected ", status, " ", text, ": ", err))
		os.Exit(1)
	}
}

type object = map[string]any

func write(client *api.Client, path string, data object) object {
	answer, err := client.Logical().Write(path, data)
	if err != nil {
		_ = log.Output(2, err.Error())
		os.Exit(1)
	}
	if answer == nil {
		return nil
	}
	return answer.Data
}

func text(value any) string {
	return fmt.Sprint(value)
}

func encode(plain string) string {
	return base64.StdEncoding.EncodeToString([]byte(plain))
}

// Another client of the same server, with another token.
func withToken(client *api.Client, token string) *api.Client {
	other, err := client.Clone()
	check(err)
	other.SetToken(token)
	return other
}
