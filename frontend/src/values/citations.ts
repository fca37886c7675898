import { createContext } from 'react';

import type { DocumentForm } from './forms';

export interface Citations {
  /** `[1]` in a text is the first of these. */
  readonly documents: readonly DocumentForm[];
  open(document: DocumentForm, number: number): void;
}

/** Given around a value, it makes `[n]` in its text a link to that passage. */
export const CitationsContext = createContext<Citations | null>(null);
