import type { Value } from "../engine/graph/value.ts";
import type { Scope } from "../engine/nn/scope.ts";

/** A network that turns images into features. */
export interface Backbone {
  /** Name by which it is known. */
  readonly name: string;
  /** Coordinates of a feature. */
  readonly width: number;
  /**
   * Features `[N,width]` of images `[N,3,H,W]`. Names within the scope are the keys of torchvision's or timm's state
   * dict; a second application in the same scope shares all parameters.
   */
  apply(scope: Scope, images: Value): Value;
}
