const smallestBytes = 1024;

/**
 * How many bytes a content of `bytes` is padded to: Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files
 * and Communication with PURBs", PoPETs 2019, section 4), and at least 1,024. A size of n bits keeps about log2(n) of them;
 * padding is under 12%.
 */
export function paddedSize(bytes: number): number {
  if (bytes <= smallestBytes) return smallestBytes;
  const exponent = Math.floor(Math.log2(bytes));
  const keptBits = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - keptBits);
  return Math.ceil(bytes / step) * step;
}
