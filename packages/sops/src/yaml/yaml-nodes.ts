import type { YamlComment } from "./yaml-comments.ts";
import type { YamlValue } from "./yaml-scalars.ts";

/** A map or a list, as far as comments need it. */
export interface Container {
  /** The keys from the top to here. */
  readonly path: readonly string[];
  /** Of its keys or hyphens, from 0. */
  readonly column: number;
  readonly isFlow: boolean;
  readonly isList: boolean;
  readonly parent: Container | undefined;
}

/** A place in the text. */
export interface Placed {
  readonly start: number;
  /** After its last character. */
  readonly end: number;
}

export type YamlNode = YamlMap | YamlList | YamlScalar | YamlAlias;

export interface YamlEntry extends Placed {
  readonly name: string;
  /** After the colon. */
  readonly colonEnd: number;
  readonly value: YamlNode | undefined;
}

export interface YamlMap extends Placed, Container {
  readonly type: "map";
  readonly entries: readonly YamlEntry[];
  readonly anchor: string | undefined;
}

export interface YamlItem extends Placed {
  /** After the hyphen; of a flow list, where the item begins. */
  readonly contentStart: number;
  readonly value: YamlNode | undefined;
}

export interface YamlList extends Placed, Container {
  readonly type: "list";
  readonly items: readonly YamlItem[];
  readonly anchor: string | undefined;
}

export interface YamlScalar extends Placed {
  readonly type: "scalar";
  readonly value: YamlValue;
  readonly container: Container;
  readonly anchor: string | undefined;
  /** Its anchor and tag when something else than a space is between them and it. */
  readonly apart: readonly Placed[];
  /** Of a block scalar: the lines after its header, which it ends in the middle of. */
  readonly body: Placed | undefined;
  /** Of an item of a block list: its hyphen's place. */
  readonly itemStart: number | undefined;
}

export interface YamlAlias extends Placed {
  readonly type: "alias";
  readonly target: YamlNode;
  readonly container: Container;
}

/** A document of a YAML stream. */
export interface YamlTree extends Placed {
  /** Undefined when there is nothing, or null. */
  readonly top: YamlMap | undefined;
  readonly comments: readonly YamlComment[];
}

/** The place of something in the text that comments can stand before or behind. */
export interface Mark {
  readonly offset: number;
  readonly kind: "entry" | "item" | "scalar" | "end";
  readonly container: Container;
}
