// The types of supervised-process.mjs, for the tests, which are TypeScript.

export interface ProcessOptions {
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** 'capture' (the default) keeps the last output; a number is a file descriptor to write it to. */
  output?: 'capture' | 'inherit' | number;
  onOutput?: (text: string) => void;
  /** SIGTERM unless said otherwise. */
  stopSignal?: NodeJS.Signals;
  /** How long `stop()` waits before it sends SIGKILL; 10 s unless said otherwise. */
  graceMs?: number;
  /** Removed when we die without tidying up. */
  removeDir?: string;
}

export declare class SupervisedProcess {
  constructor(options: ProcessOptions);
  readonly name: string;
  readonly pid: number | undefined;
  readonly hasExited: boolean;
  readonly output: string;
  /** Resolves with one phrase saying how it ended. Never rejects. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export declare function stopEverything(): Promise<void>;
