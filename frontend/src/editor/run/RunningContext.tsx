import { createContext, useContext } from 'react';

export interface Running {
  /** Starts a run, from this node on or from the beginning. */
  start(from?: string): void;
  stop(): void;
  /** From the press on Run to the run's last event. */
  readonly running: boolean;
}

export const RunningContext = createContext<Running>({ start: () => undefined, stop: () => undefined, running: false });

export const useRunning = (): Running => useContext(RunningContext);
