import 'reflect-metadata';
import { startProcess } from './app/process-life.js';
import { rotateKeys } from './app/rotate-keys.js';
import { environmentConfig } from './config/environment.js';

await startProcess(() => rotateKeys(environmentConfig()));
