// Prints vectors of the Merkle tree of RFC 6962 by transparency-dev/merkle, and what its verifier says of damaged proofs:
//
//	go run . > ../merkle.json
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
)

const sizes = 130

type inclusion struct {
	Index uint64   `json:"index"`
	Size  uint64   `json:"size"`
	Leaf  []byte   `json:"leaf"`
	Root  []byte   `json:"root"`
	Proof [][]byte `json:"proof"`
	Valid bool     `json:"valid"`
}

type consistency struct {
	OldSize uint64   `json:"oldSize"`
	Size    uint64   `json:"size"`
	OldRoot []byte   `json:"oldRoot"`
	Root    []byte   `json:"root"`
	Proof   [][]byte `json:"proof"`
	Valid   bool     `json:"valid"`
}

// Proofs of every size as one hash over all of their hashes, in the order of index or old size.
type sizeVector struct {
	Root              []byte `json:"root"`
	InclusionDigest   []byte `json:"inclusionDigest"`
	ConsistencyDigest []byte `json:"consistencyDigest"`
}

type vectors struct {
	About       string        `json:"about"`
	Sizes       []sizeVector  `json:"sizes"`
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func digest(proofs [][][]byte) []byte {
	hash := sha256.New()
	for _, hashes := range proofs {
		for _, each := range hashes {
			hash.Write(each)
		}
	}
	return hash.Sum(nil)
}

func main() {
	tree := testonly.New(rfc6962.DefaultHasher)
	for n := 0; n < sizes; n++ {
		tree.AppendData([]byte(fmt.Sprintf("entry %d", n)))
	}
	out := vectors{About: "By transparency-dev/merkle v0.0.2 (Apache-2.0): see merkle/main.go. Entry n is the text `entry n`."}
	for size := uint64(1); size <= sizes; size++ {
		var in, grown [][][]byte
		for at := uint64(0); at < size; at++ {
			in = append(in, must(tree.InclusionProof(at, size)))
		}
		for old := uint64(1); old <= size; old++ {
			grown = append(grown, must(tree.ConsistencyProof(old, size)))
		}
		out.Sizes = append(out.Sizes, sizeVector{tree.HashAt(size), digest(in), digest(grown)})
	}
	random := rand.New(rand.NewSource(6962))
	for n := 0; n < 120; n++ {
		size := 1 + uint64(random.Intn(24))
		at := uint64(random.Intn(int(size)))
		probe := inclusion{Index: at, Size: size, Leaf: tree.LeafHash(at), Root: tree.HashAt(size), Proof: must(tree.InclusionProof(at, size))}
		probe.Proof = damage(random, probe.Proof)
		probe.Index = shift(random, probe.Index)
		probe.Size = shift(random, probe.Size)
		probe.Valid = proof.VerifyInclusion(rfc6962.DefaultHasher, probe.Index, probe.Size, probe.Leaf, probe.Proof, probe.Root) == nil
		out.Inclusion = append(out.Inclusion, probe)
	}
	for n := 0; n < 120; n++ {
		size := 1 + uint64(random.Intn(24))
		old := 1 + uint64(random.Intn(int(size)))
		probe := consistency{OldSize: old, Size: size, OldRoot: tree.HashAt(old), Root: tree.HashAt(size), Proof: must(tree.ConsistencyProof(old, size))}
		probe.Proof = damage(random, probe.Proof)
		probe.OldSize = shift(random, probe.OldSize)
		probe.Size = shift(random, probe.Size)
		probe.Valid = proof.VerifyConsistency(rfc6962.DefaultHasher, probe.OldSize, probe.Size, probe.Proof, probe.OldRoot, probe.Root) == nil
		out.Consistency = append(out.Consistency, probe)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}

// One proof in three stays as it is.
func damage(random *rand.Rand, hashes [][]byte) [][]byte {
	whole := append([][]byte{}, hashes...)
	switch random.Intn(9) {
	case 0:
		return append(whole, make([]byte, 32))
	case 1:
		if len(whole) > 0 {
			return whole[1:]
		}
	case 2:
		if len(whole) > 0 {
			return whole[:len(whole)-1]
		}
	case 3:
		if len(whole) > 0 {
			at := random.Intn(len(whole))
			changed := append([]byte{}, whole[at]...)
			changed[random.Intn(32)] ^= 1
			whole[at] = changed
		}
	case 4:
		if len(whole) > 1 {
			whole[0], whole[1] = whole[1], whole[0]
		}
	case 5:
		return append([][]byte{make([]byte, 32)}, whole...)
	}
	return whole
}

func shift(random *rand.Rand, value uint64) uint64 {
	switch random.Intn(8) {
	case 0:
		return value + 1
	case 1:
		if value > 0 {
			return value - 1
		}
	}
	return value
}
