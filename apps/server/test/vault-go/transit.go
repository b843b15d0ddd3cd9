package main

import (
	"encoding/base64"
	"strings"

	"github.com/openbao/openbao/api/v2"
)

func transit(client *api.Client) {
	check(client.Sys().Mount("go-transit", &api.MountInput{Type: "transit"}))
	write(client, "go-transit/keys/app", object{"type": "aes256-gcm96"})
	sealed := write(client, "go-transit/encrypt/app", object{"plaintext": encode("hello")})
	old := text(sealed["ciphertext"])
	expect(strings.HasPrefix(old, "vault:v1:"), "a ciphertext of version 1")
	opened := write(client, "go-transit/decrypt/app", object{"ciphertext": old})
	expect(opened["plaintext"] == encode("hello"), "the plaintext back")
	write(client, "go-transit/keys/app/rotate", nil)
	renewed := write(client, "go-transit/rewrap/app", object{"ciphertext": old})
	expect(strings.HasPrefix(text(renewed["ciphertext"]), "vault:v2:"), "a ciphertext of version 2")
	bound := write(client, "go-transit/encrypt/app", object{
		"plaintext": encode("bound"), "associated_data": encode("where"),
	})
	_, err := client.Logical().Write("go-transit/decrypt/app", object{"ciphertext": bound["ciphertext"]})
	refused(err, 400, "message authentication failed")
	dataKeys(client)
	batches(client)
	keys(client)
	check(client.Sys().Unmount("go-transit"))
}

func dataKeys(client *api.Client) {
	made := write(client, "go-transit/datakey/plaintext/app", object{"bits": 512})
	plain, err := base64.StdEncoding.DecodeString(text(made["plaintext"]))
	check(err)
	expect(len(plain) == 64, "64 bytes")
	opened := write(client, "go-transit/decrypt/app", object{"ciphertext": made["ciphertext"]})
	expect(opened["plaintext"] == made["plaintext"], "the data key back")
	wrapped := write(client, "go-transit/datakey/wrapped/app", nil)
	_, told := wrapped["plaintext"]
	expect(!told, "no plaintext")
	random := write(client, "go-transit/random/24", object{"format": "hex"})
	expect(len(text(random["random_bytes"])) == 48, "24 bytes in hex")
}

func batches(client *api.Client) {
	sealed := write(client, "go-transit/encrypt/app", object{"batch_input": []object{
		{"plaintext": encode("first"), "reference": "1"}, {"plaintext": encode("second"), "reference": "2"},
	}})
	results := sealed["batch_results"].([]any)
	expect(len(results) == 2 && results[1].(object)["reference"] == "2", "two results")
	opened := write(client, "go-transit/decrypt/app", object{"batch_input": []object{
		{"ciphertext": results[0].(object)["ciphertext"]}, {"ciphertext": results[1].(object)["ciphertext"]},
	}})
	expect(opened["batch_results"].([]any)[1].(object)["plaintext"] == encode("second"), "the second plaintext")
}

func keys(client *api.Client) {
	read, err := client.Logical().Read("go-transit/keys/app")
	check(err)
	expect(text(read.Data["latest_version"]) == "2" && read.Data["supports_encryption"] == true, "what the key is")
	list, err := client.Logical().List("go-transit/keys")
	check(err)
	expect(len(list.Data["keys"].([]any)) == 1, "one key")
	_, err = client.Logical().Delete("go-transit/keys/app")
	refused(err, 400, "deletion is not allowed for this key")
	write(client, "go-transit/keys/app/config", object{"deletion_allowed": true})
	_, err = client.Logical().Delete("go-transit/keys/app")
	check(err)
	gone, err := client.Logical().Read("go-transit/keys/app")
	expect(err == nil && gone == nil, "no key, which to this client is no error")
}
