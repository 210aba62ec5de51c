package lookup

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/aws"
)

// size is that of an instance type.
type size struct {
	Name  string  `xml:"instanceType"`
	VCPUs float64 `xml:"vCpuInfo>defaultVCpus"`
	Cores float64 `xml:"vCpuInfo>defaultCores"`
	RAM   float64 `xml:"memoryInfo>sizeInMiB"`
}

// need is what a node of a label counts for when it is of that size: cores are physical ones, codes those of Service
// Quotas (config-reference.md 7). A dedicated host's code is not known here: what it counts against is unlimited.
func need(l *aws.Label, s size) map[string]float64 {
	out := map[string]float64{"instances": 1, "cores": s.Cores, "ram": s.RAM}
	if code := instanceCode(s.Name, l.UseSpot); code != "" && !l.DedicatedHost {
		out[code] = s.VCPUs
	}
	storage, iops := volumeCodes(l.Volume.Type)
	if storage != "" {
		out[storage] = float64(l.Volume.Size)
	}
	if iops != "" {
		out[iops] = float64(l.Volume.IOPS)
	}
	return out
}

// family is the letters of an instance type before its first digit; a hyphen belongs to them (u-6tb1).
func family(name string) string {
	return name[:max(0, strings.IndexAny(name, "0123456789"))]
}

// instanceCodes by family: on demand and spot.
var instanceCodes = map[string][2]string{
	"dl": {"L-6E869C2A", "L-85EED4F7"}, "f": {"L-74FC7D96", "L-88CF9481"}, "g": {"L-DB2E81BA", "L-3819A6DF"}, "vt": {"L-DB2E81BA", "L-3819A6DF"},
	"u-": {"L-43DA4232", ""}, "inf": {"L-1945791B", "L-B5D1601B"}, "p": {"L-417A185B", "L-7212CCBC"}, "x": {"L-7295265B", "L-E3A00192"},
	"trn": {"L-2C3B7624", "L-6B0D517C"}, "hpc": {"L-F7808C92", ""},
}

func init() {
	for _, standard := range []string{"a", "c", "d", "h", "i", "m", "r", "t", "z"} {
		instanceCodes[standard] = [2]string{"L-1216C47A", "L-34B43A08"}
	}
}

func instanceCode(name string, spot bool) string {
	codes := instanceCodes[family(name)]
	if spot {
		return codes[1]
	}
	return codes[0]
}

// volumeCodes are those of storage in GB and of IOPS.
func volumeCodes(kind string) (storage, iops string) {
	codes := map[string][2]string{
		"gp2": {"L-D18FCD1D", ""}, "gp3": {"L-7A658B76", ""}, "io1": {"L-FD252861", "L-B3A130E6"}, "io2": {"L-09BD8365", "L-8D977E7E"},
		"sc1": {"L-17AF77E8", ""}, "st1": {"L-82ACEF56", ""}, "standard": {"L-9CF3C2EB", ""},
	}[kind]
	return codes[0], codes[1]
}
