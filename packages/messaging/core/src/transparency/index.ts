export { decodeLeaf, encodeLeaf, hashUserId, type LeafFacts, leafBytes } from "./leaf.ts";
export { type ReadLog, readEntries, rootOfRead, unreadLog } from "./log-reader.ts";
export { MerkleLog, type SubtreeHashes, subtreesInMemory } from "./merkle-log.ts";
export { encodeHead, type SignedHead, type TreeHead } from "./signed-head.ts";
export { emptyHash, hashBytes, leafHash, nodeHash } from "./tree-hash.ts";
export { type HeadKey, readSignedHead, verifyHead } from "./verify-head.ts";
export { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from "./verify-proof.ts";
