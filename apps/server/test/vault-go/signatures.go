package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/openbao/openbao/api/v2"
)

// Signs with each kind of key, and verifies with Go's own cryptography.
func signatures(client *api.Client) {
	check(client.Sys().Mount("go-sign", &api.MountInput{Type: "transit"}))
	message := []byte("the message")
	digest := sha256.Sum256(message)
	for keyType, holds := range map[string]func(string, []byte) bool{
		"ecdsa-p256": func(published string, signature []byte) bool {
			return ecdsa.VerifyASN1(publicKey(published).(*ecdsa.PublicKey), digest[:], signature)
		},
		"rsa-2048": func(published string, signature []byte) bool {
			return rsa.VerifyPSS(publicKey(published).(*rsa.PublicKey), crypto.SHA256, digest[:], signature, nil) == nil
		},
		"ed25519": func(published string, signature []byte) bool {
			public, err := base64.StdEncoding.DecodeString(published)
			check(err)
			return ed25519.Verify(public, message, signature)
		},
	} {
		write(client, "go-sign/keys/"+keyType, object{"type": keyType})
		read, err := client.Logical().Read("go-sign/keys/" + keyType)
		check(err)
		published := text(read.Data["keys"].(object)["1"].(object)["public_key"])
		input := encode(string(message))
		signed := write(client, "go-sign/sign/"+keyType, object{"input": input})
		signature := text(signed["signature"])
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(signature, "vault:v1:"))
		check(err)
		expect(holds(published, raw), "a signature that Go verifies, of ", keyType)
		verified := write(client, "go-sign/verify/"+keyType, object{"input": input, "signature": signature})
		expect(verified["valid"] == true, "a valid signature")
		verified = write(client, "go-sign/verify/"+keyType, object{"input": encode("other"), "signature": signature})
		expect(verified["valid"] == false, "no signature of another message")
	}
	mac := write(client, "go-sign/hmac/ecdsa-p256", object{"input": encode("the message")})
	verified := write(client, "go-sign/verify/ecdsa-p256", object{"input": encode("the message"), "hmac": mac["hmac"]})
	expect(verified["valid"] == true, "a valid HMAC")
	sum := write(client, "go-sign/hash/sha2-256", object{"input": encode("the message"), "format": "base64"})
	expect(sum["sum"] == base64.StdEncoding.EncodeToString(digest[:]), "the SHA-256")
	check(client.Sys().Unmount("go-sign"))
}

func publicKey(published string) any {
	block, _ := pem.Decode([]byte(published))
	expect(block != nil, "a public key in PEM")
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	check(err)
	return public
}
