import {
  type ConfigDocument,
  type ConfigFormat,
  type ConfigPath,
  type ConfigValue,
  type Leaf,
  metadataKey,
  type SopsMetadataTree,
} from "../document.ts";
import { metadataValue } from "../metadata-value.ts";
import { invalidInput } from "../problems.ts";
import { TextEdits } from "../text-edits.ts";
import { removeSplice, type Splice, setSplice, stepOf } from "./yaml-edits.ts";
import { leavesOf } from "./yaml-leaves.ts";
import type { YamlTree } from "./yaml-nodes.ts";
import { parseYaml } from "./yaml-tree.ts";
import { nodeAt, yamlMetadata, yamlValue } from "./yaml-values.ts";

/**
 * YAML as SOPS takes it: documents with a map at the top. Lines that a change does not concern stay as they are: their
 * quotes, comments, anchors and widths. Each document of a stream has a copy of the metadata, of which the first counts.
 */
export const yamlFormat: ConfigFormat = {
  name: "yaml",
  encoding: "utf8",
  parse: (text) => new YamlDocument(text),
};

class YamlDocument implements ConfigDocument {
  #source: string;
  #trees: readonly YamlTree[];
  #edits = new TextEdits();

  constructor(source: string) {
    this.#source = source;
    this.#trees = parseYaml(source);
  }

  leaves(): readonly Leaf[] {
    this.#settle();
    const context = { source: this.#source, edits: this.#edits, step: stepOf(this.#trees) };
    return this.#trees.flatMap((tree) => leavesOf(tree, context));
  }

  metadata(): unknown {
    this.#settle();
    const node = nodeAt(this.#trees[0]?.top, [metadataKey]);
    return node === undefined ? undefined : yamlMetadata(node);
  }

  setMetadata(metadata: SopsMetadataTree | undefined): void {
    this.#settle();
    if (this.#trees.length === 0) throw invalidInput("A YAML file without any document cannot be encrypted.");
    const step = stepOf(this.#trees);
    for (const tree of this.#trees) {
      const splice =
        metadata === undefined
          ? removeSplice(this.#source, tree, [metadataKey])
          : setSplice(this.#source, tree, [metadataKey], metadataValue(metadata), step);
      if (splice !== undefined) this.#edits.replace(splice.start, splice.end, splice.text);
    }
    this.#settle();
  }

  get(path: ConfigPath): ConfigValue | undefined {
    this.#settle();
    const node = nodeAt(this.#trees[0]?.top, path);
    return node === undefined ? undefined : yamlValue(node);
  }

  set(path: ConfigPath, value: ConfigValue): void {
    this.#settle();
    const tree = this.#trees[0];
    if (path.length === 0) throw invalidInput("A path has at least one name.");
    if (tree === undefined) {
      this.#source = `{}\n${this.#source}`;
      this.#trees = parseYaml(this.#source);
      this.set(path, value);
      return;
    }
    this.#splice(setSplice(this.#source, tree, path, value, stepOf(this.#trees)));
  }

  remove(path: ConfigPath): boolean {
    this.#settle();
    const splice = this.#trees[0] && removeSplice(this.#source, this.#trees[0], path);
    if (splice === undefined) return false;
    this.#splice(splice);
    return true;
  }

  render(): string {
    this.#settle();
    return this.#source;
  }

  #splice({ start, end, text }: Splice): void {
    this.#edits.replace(start, end, text);
    this.#settle();
  }

  /** Carries changes out, so that places are those of the text. */
  #settle(): void {
    if (this.#edits.isEmpty) return;
    this.#source = this.#edits.apply(this.#source);
    this.#trees = parseYaml(this.#source);
    this.#edits = new TextEdits();
  }
}
