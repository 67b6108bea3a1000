// Loaded into a process of the product by `--profile` (Node 20 takes no --cpu-prof from NODE_OPTIONS). Writes its CPU profile when
// it ends, for the developer tools of a browser.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import path from 'node:path';

const dir = process.env.BENCH_PROFILE_DIR ?? '.';
const program = path.basename(process.argv[1] ?? 'node', '.js');
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
process.once('exit', () => {
  // Within one thread the session answers before post() returns.
  session.post('Profiler.stop', (error, { profile }) => {
    if (error) throw error;
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(dir, `${program}-${process.pid}.cpuprofile`), JSON.stringify(profile));
  });
});
