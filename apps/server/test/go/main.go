// A user's program with the AWS SDK for Go: endpoint, region and credentials come from the environment.
// It ends with status 1 at the first thing that is not as with AWS KMS, and says what.
package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	check(err)
	client := kms.NewFromConfig(settings)
	if len(os.Args) == 5 {
		largeData(ctx, client, os.Args[1], os.Args[2], os.Args[3], os.Args[4])
		return
	}
	encryptAndDecrypt(ctx, client)
	signAndVerify(ctx, client)
	macs(ctx, client)
	pages(ctx, client)
	failures(ctx, client)
}

func largeData(ctx context.Context, client *kms.Client, action, keyID, source, target string) {
	act := encryptLargeData
	if action == "decrypt" {
		act = decryptLargeData
	}
	input, err := os.ReadFile(source)
	check(err)
	output, err := act(ctx, client, keyID, input, map[string]string{"file": "report"})
	check(err)
	check(os.WriteFile(target, output, 0o600))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func expect(holds bool, what string) {
	if !holds {
		log.Fatal("expected: ", what)
	}
}

func encryptAndDecrypt(ctx context.Context, client *kms.Client) {
	made, err := client.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("from Go")})
	check(err)
	described, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: made.KeyMetadata.Arn})
	check(err)
	expect(aws.ToString(described.KeyMetadata.Description) == "from Go", "the description")
	expect(described.KeyMetadata.KeyState == types.KeyStateEnabled, "an enabled key")
	expect(described.KeyMetadata.CreationDate.Equal(*made.KeyMetadata.CreationDate), "one creation date")
	secret := []byte{0, 255, 128, '\n'}
	where := map[string]string{"order": "7", "customer": "42"}
	sealed, err := client.Encrypt(ctx, &kms.EncryptInput{
		KeyId: made.KeyMetadata.KeyId, Plaintext: secret, EncryptionContext: where,
	})
	check(err)
	opened, err := client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: where})
	check(err)
	expect(bytes.Equal(opened.Plaintext, secret), "the plaintext back")
	expect(aws.ToString(opened.KeyId) == aws.ToString(made.KeyMetadata.Arn), "the key's ARN")
	_, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	var invalid *types.InvalidCiphertextException
	expect(errors.As(err, &invalid), "InvalidCiphertextException without the context")
	dataKey, err := client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: made.KeyMetadata.KeyId, KeySpec: types.DataKeySpecAes256,
	})
	check(err)
	opened, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: dataKey.CiphertextBlob})
	check(err)
	expect(bytes.Equal(opened.Plaintext, dataKey.Plaintext) && len(dataKey.Plaintext) == 32, "the data key back")
	fmt.Println("encrypted and decrypted")
}

func signAndVerify(ctx context.Context, client *kms.Client) {
	made, err := client.CreateKey(ctx, &kms.CreateKeyInput{
		KeySpec: types.KeySpecEccNistP256, KeyUsage: types.KeyUsageTypeSignVerify,
	})
	check(err)
	message := []byte("the message")
	digest := sha256.Sum256(message)
	published, err := client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: made.KeyMetadata.KeyId})
	check(err)
	parsed, err := x509.ParsePKIXPublicKey(published.PublicKey)
	check(err)
	public, ok := parsed.(*ecdsa.PublicKey)
	expect(ok, "an ECDSA public key")
	for messageType, bytes := range map[types.MessageType][]byte{
		types.MessageTypeRaw: message, types.MessageTypeDigest: digest[:],
	} {
		signed, err := client.Sign(ctx, &kms.SignInput{
			KeyId: made.KeyMetadata.KeyId, Message: bytes, MessageType: messageType,
			SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256,
		})
		check(err)
		expect(ecdsa.VerifyASN1(public, digest[:], signed.Signature), "a signature that crypto/ecdsa verifies")
		verified, err := client.Verify(ctx, &kms.VerifyInput{
			KeyId: made.KeyMetadata.KeyId, Message: bytes, MessageType: messageType, Signature: signed.Signature,
			SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256,
		})
		check(err)
		expect(verified.SignatureValid, "a valid signature")
		signed.Signature[len(signed.Signature)-1] ^= 1
		_, err = client.Verify(ctx, &kms.VerifyInput{
			KeyId: made.KeyMetadata.KeyId, Message: bytes, MessageType: messageType, Signature: signed.Signature,
			SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256,
		})
		var invalid *types.KMSInvalidSignatureException
		expect(errors.As(err, &invalid), "KMSInvalidSignatureException")
	}
	fmt.Println("signed and verified")
}

func macs(ctx context.Context, client *kms.Client) {
	made, err := client.CreateKey(ctx, &kms.CreateKeyInput{
		KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac,
	})
	check(err)
	message := []byte("the message")
	mac, err := client.GenerateMac(ctx, &kms.GenerateMacInput{
		KeyId: made.KeyMetadata.KeyId, Message: message, MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
	})
	check(err)
	verified, err := client.VerifyMac(ctx, &kms.VerifyMacInput{
		KeyId: made.KeyMetadata.KeyId, Message: message, Mac: mac.Mac, MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
	})
	check(err)
	expect(verified.MacValid, "a valid MAC")
	_, err = client.VerifyMac(ctx, &kms.VerifyMacInput{
		KeyId: made.KeyMetadata.KeyId, Message: message[1:], Mac: mac.Mac, MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
	})
	var invalid *types.KMSInvalidMacException
	expect(errors.As(err, &invalid), "KMSInvalidMacException")
	fmt.Println("made and verified a MAC")
}

func pages(ctx context.Context, client *kms.Client) {
	seen := map[string]bool{}
	pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{Limit: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		check(err)
		expect(len(page.Keys) <= 1, "one key a page")
		for _, key := range page.Keys {
			expect(!seen[aws.ToString(key.KeyId)], "each key once")
			seen[aws.ToString(key.KeyId)] = true
		}
	}
	fmt.Println("listed", len(seen), "keys")
}

func failures(ctx context.Context, client *kms.Client) {
	_, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("00000000-0000-4000-8000-000000000000")})
	var notFound *types.NotFoundException
	expect(errors.As(err, &notFound), "NotFoundException")
	_, err = client.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(2048)})
	var failure smithy.APIError
	expect(errors.As(err, &failure) && failure.ErrorCode() == "ValidationException", "ValidationException")
	expect(failure.ErrorFault() != smithy.FaultServer, "the caller's fault")
	fmt.Println("refusals are of the SDK's own types")
}
