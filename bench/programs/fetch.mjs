// Puts a package of the npm registry into the cache and prints its folder, as the last line:
// `node fetch.mjs NAME@VERSION`. A program of its own, so that a slow registry can be given up.
import { fetchPackage, UnavailableError } from '../../scripts/fetch.mjs';

try {
  console.log(fetchPackage(process.argv[2]));
} catch (error) {
  if (!(error instanceof UnavailableError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
