package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const nonceBytes = 12

// encryptLargeData encrypts with a data key of its own. The result is: two bytes with the length of the encrypted data
// key, that key, a nonce, the ciphertext with its tag. What stands before the ciphertext is authenticated.
func encryptLargeData(ctx context.Context, client *kms.Client, keyID string, plaintext []byte, encryptionContext map[string]string) ([]byte, error) {
	dataKey, err := client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &keyID, KeySpec: types.DataKeySpecAes256, EncryptionContext: encryptionContext,
	})
	if err != nil {
		return nil, err
	}
	defer clear(dataKey.Plaintext)
	header := binary.BigEndian.AppendUint16(nil, uint16(len(dataKey.CiphertextBlob)))
	header = append(header, dataKey.CiphertextBlob...)
	nonce := make([]byte, nonceBytes)
	rand.Read(nonce)
	header = append(header, nonce...)
	aead, err := gcm(dataKey.Plaintext)
	if err != nil {
		return nil, err
	}
	return aead.Seal(header, nonce, plaintext, header), nil
}

// decryptLargeData asks the server for the data key alone.
func decryptLargeData(ctx context.Context, client *kms.Client, keyID string, sealed []byte, encryptionContext map[string]string) ([]byte, error) {
	if len(sealed) < 2 || len(sealed) < 2+int(binary.BigEndian.Uint16(sealed))+nonceBytes {
		return nil, errors.New("the data ends too early")
	}
	keyEnd := 2 + int(binary.BigEndian.Uint16(sealed))
	headerEnd := keyEnd + nonceBytes
	dataKey, err := client.Decrypt(ctx, &kms.DecryptInput{
		KeyId: &keyID, CiphertextBlob: sealed[2:keyEnd], EncryptionContext: encryptionContext,
	})
	if err != nil {
		return nil, err
	}
	defer clear(dataKey.Plaintext)
	aead, err := gcm(dataKey.Plaintext)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, sealed[keyEnd:headerEnd], sealed[headerEnd:], sealed[:headerEnd])
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
