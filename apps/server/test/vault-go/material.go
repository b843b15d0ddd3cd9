package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/openbao/openbao/api/v2"
)

// Key material out of and into Transit.
func material(client *api.Client) {
	check(client.Sys().Mount("go-material", &api.MountInput{Type: "transit"}))
	write(client, "go-material/keys/open", object{"exportable": true, "allow_plaintext_backup": true})
	sealed := write(client, "go-material/encrypt/open", object{"plaintext": encode("hello")})
	exported, err := client.Logical().Read("go-material/export/encryption-key/open/latest")
	check(err)
	key := exported.Data["keys"].(object)["1"]
	expect(open(text(key), text(sealed["ciphertext"])) == "hello", "the exported key to open the ciphertext")
	backup, err := client.Logical().Read("go-material/backup/open")
	check(err)
	write(client, "go-material/restore/again", object{"backup": backup.Data["backup"]})
	opened := write(client, "go-material/decrypt/again", object{"ciphertext": sealed["ciphertext"]})
	expect(opened["plaintext"] == encode("hello"), "the restored key to open the ciphertext")
	write(client, "go-material/keys/closed", nil)
	_, err = client.Logical().Read("go-material/export/encryption-key/closed")
	refused(err, 400, "private key material is not exportable")
	importKey(client)
	check(client.Sys().Unmount("go-material"))
}

// Opens a ciphertext of Transit with the key itself.
func open(key string, ciphertext string) string {
	secret, err := base64.StdEncoding.DecodeString(key)
	check(err)
	sealed, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(ciphertext, "vault:v1:"))
	check(err)
	block, err := aes.NewCipher(secret)
	check(err)
	gcm, err := cipher.NewGCM(block)
	check(err)
	plain, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], nil)
	check(err)
	return string(plain)
}

// Brings a key along, as Vault documents it: wrapped with AES-KWP under an ephemeral key, and that with RSA-OAEP.
func importKey(client *api.Client) {
	published, err := client.Logical().Read("go-material/wrapping_key")
	check(err)
	wrapping := publicKey(text(published.Data["public_key"])).(*rsa.PublicKey)
	target, ephemeral := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(target)
	_, _ = rand.Read(ephemeral)
	head, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, wrapping, ephemeral, nil)
	check(err)
	wrapped := append(head, wrapKey(ephemeral, target)...)
	write(client, "go-material/keys/brought/import", object{
		"type": "aes256-gcm96", "hash_function": "SHA256", "ciphertext": base64.StdEncoding.EncodeToString(wrapped),
	})
	sealed := write(client, "go-material/encrypt/brought", object{"plaintext": encode("hello")})
	key := base64.StdEncoding.EncodeToString(target)
	expect(open(key, text(sealed["ciphertext"])) == "hello", "the key that was brought along")
}

// AES key wrap with padding (RFC 5649) of a key that fills its blocks.
func wrapKey(wrapping []byte, key []byte) []byte {
	block, err := aes.NewCipher(wrapping)
	check(err)
	blocks := len(key) / 8
	out := append([]byte{0xa6, 0x59, 0x59, 0xa6, 0, 0, 0, byte(len(key))}, key...)
	buffer := make([]byte, 16)
	for round := 0; round < 6; round++ {
		for index := 1; index <= blocks; index++ {
			copy(buffer, out[:8])
			copy(buffer[8:], out[8*index:8*index+8])
			block.Encrypt(buffer, buffer)
			counter := binary.BigEndian.Uint64(buffer[:8]) ^ uint64(round*blocks+index)
			binary.BigEndian.PutUint64(out[:8], counter)
			copy(out[8*index:], buffer[8:])
		}
	}
	return out
}
