// Writes a vulnerability database of a few made-up flaws, in the form that grype reads.
package main

import (
	"log"
	"os"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
)

type flaw struct {
	id, severity, vector, description, pack, ecosystem, before, fix, versions string
	system                                                                    *v6.OperatingSystem
}

func main() {
	store, err := v6.NewWriter(v6.Config{DBDirPath: os.Args[1]})
	check(err)
	now := time.Now().UTC()
	provider := &v6.Provider{ID: "sample", Version: "1", Processor: "sample", DateCaptured: &now, InputDigest: "xxh64:0000000000000000"}
	check(store.SetDBMetadata())
	alpine := &v6.OperatingSystem{Name: "alpine", ReleaseID: "alpine", MajorVersion: "3", MinorVersion: "20"}
	for _, f := range []flaw{
		{"CVE-2024-0001", "critical", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "A made-up flaw in how libssl3 reads certificates. It is there to be found.", "libssl3", "apk", "< 3.3.2-r1", "3.3.2-r1", "apk", alpine},
		{"CVE-2024-0002", "medium", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "A made-up flaw that Alpine rates lower than its number.", "libcrypto3", "apk", "< 3.3.2-r2", "3.3.2-r2", "apk", alpine},
		{"CVE-2024-0003", "high", "", "A made-up flaw without a fix.", "busybox", "apk", "< 99", "", "apk", alpine},
		{"CVE-2024-0004", "low", "", "", "musl", "apk", "< 1.2.5-r1", "1.2.5-r1", "apk", alpine},
		{"CVE-2024-0005", "negligible", "", "A made-up flaw that nobody needs to mind.", "zlib", "apk", "< 99", "", "apk", alpine},
		{"GHSA-aaaa-bbbb-cccc", "high", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", "A made-up flaw of an npm package | with `markup` <b>in</b> it.", "left-pad", "npm", "<1.3.1", "1.3.1", "semver", nil},
	} {
		severities := []v6.Severity{{Scheme: v6.SeveritySchemeCHMLN, Value: f.severity, Rank: 1, Source: "sample"}}
		if f.vector != "" {
			severities = append(severities, v6.Severity{Scheme: v6.SeveritySchemeCVSS, Value: v6.CVSSSeverity{Vector: f.vector, Version: "3.1"}, Rank: 2, Source: "sample"})
		}
		vulnerability := &v6.VulnerabilityHandle{
			Name: f.id, Status: v6.VulnerabilityActive, PublishedDate: &now, ModifiedDate: &now, ProviderID: provider.ID, Provider: provider,
			BlobValue: &v6.VulnerabilityBlob{
				ID: f.id, Description: f.description, Severities: severities,
				References: []v6.Reference{{URL: "https://example.com/" + f.id}},
			},
		}
		check(store.AddVulnerabilities(vulnerability))
		fix := &v6.Fix{State: v6.NotFixedStatus}
		if f.fix != "" {
			fix = &v6.Fix{Version: f.fix, State: v6.FixedStatus}
		}
		check(store.AddAffectedPackages(&v6.AffectedPackageHandle{
			Vulnerability: vulnerability, OperatingSystem: f.system,
			Package:   &v6.Package{Ecosystem: f.ecosystem, Name: f.pack},
			BlobValue: &v6.PackageBlob{CVEs: []string{f.id}, Ranges: []v6.Range{{Version: v6.Version{Type: f.versions, Constraint: f.before}, Fix: fix}}},
		}))
	}
	check(store.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
