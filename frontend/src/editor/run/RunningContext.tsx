import { createContext, useContext } from 'react';

import type { Answer } from '@/api/work';
import type { Json } from '../document/graph';

/** How a run differs from one of everything, with the inputs of the form. Nodes are said by the paths of their steps. */
export interface Start {
  /** Begins at this node; what comes before it is taken from the last run. */
  readonly from?: string;
  /** Runs this node and what it needs, and nothing behind it. */
  readonly only?: string;
  /** Outputs taken as they stand, by node and port. */
  readonly values?: Readonly<Record<string, Record<string, Json>>>;
}

export interface Running {
  start(how?: Start): void;
  stop(): void;
  /** Ends one step of the run, by its path; the others go on. */
  stopStep(path: string): void;
  /** Tells a waiting step, by its path, what it waits for. Throws ApiError. */
  answer(path: string, answer: Answer): Promise<void>;
  /** From the press on Run to the run's last event. */
  readonly running: boolean;
}

export const RunningContext = createContext<Running>({
  start: () => undefined,
  stop: () => undefined,
  stopStep: () => undefined,
  answer: () => Promise.resolve(),
  running: false,
});

export const useRunning = (): Running => useContext(RunningContext);
