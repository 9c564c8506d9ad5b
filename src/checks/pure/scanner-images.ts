// The official images of the scanners, for machines without the tool. script/update-scanners writes these lines anew.
import type { Scanner } from '../../inputs/scan-inputs.js';

/** NAME:TAG@DIGEST. snyk has moving tags only (https://github.com/snyk/snyk-images), so its digest alone says which it is. */
export const SCANNER_IMAGES: Readonly<Record<Scanner, string>> = {
  snyk: 'snyk/snyk:docker',
  grype: 'anchore/grype:v0.119.0@sha256:8c2c9234a345577a6d321a4753aa3ee1276d8975c8452d2344a56b57733ecad3',
  trivy: 'aquasec/trivy:0.74.0@sha256:62b1e65e8869bc4b4c6aa4fa2b21595256c7c2f6018a9d9ad61caf87187c1969',
};
