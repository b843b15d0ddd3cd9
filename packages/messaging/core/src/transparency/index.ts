export { MerkleLog, type SubtreeHashes, subtreesInMemory } from "./merkle-log.ts";
export { emptyHash, hashBytes, leafHash, nodeHash } from "./tree-hash.ts";
export { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from "./verify-proof.ts";
