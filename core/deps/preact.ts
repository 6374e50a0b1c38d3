/**
 * The page's components and the hooks that they keep their state by.
 *
 * @module
 */
export {
  type ComponentChildren,
  createContext,
  type FunctionComponent,
  h,
  type RefObject,
  render,
  type VNode,
} from "npm:preact@11.2.0";
export {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "npm:preact@11.2.0/hooks";
