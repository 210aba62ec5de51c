package gce

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// shown is an instance as the API shows it.
func (c *Cloud) shown(i *instance) any {
	var items []any
	for _, key := range slices.Sorted(maps.Keys(i.Metadata)) {
		items = append(items, map[string]string{"key": key, "value": i.Metadata[key]})
	}
	id := strconv.FormatUint(i.id, 10)
	return map[string]any{
		"kind": "compute#instance", "id": id, "name": i.Name, "creationTimestamp": i.since.Format(time.RFC3339Nano), "status": i.Status,
		"zone": c.link("zones/%s", i.Zone), "machineType": c.link("zones/%s/machineTypes/%s", i.Zone, i.MachineType),
		"selfLink": c.link("zones/%s/instances/%s", i.Zone, i.Name), "cpuPlatform": "Intel Broadwell", "fingerprint": "Zg==", "labelFingerprint": "Zg==",
		"metadata": map[string]any{"kind": "compute#metadata", "fingerprint": "Zg==", "items": items},
		"tags":     map[string]any{"fingerprint": "Zg=="},
		"networkInterfaces": []any{map[string]any{
			"kind": "compute#networkInterface", "name": "nic0", "fingerprint": "Zg==", "stackType": "IPV4_ONLY", "networkIP": i.PrivateIPv4,
			"network": c.link("global/networks/%s", i.Subnetwork), "subnetwork": c.link("regions/%s/subnetworks/%s", Region, i.Subnetwork),
			"accessConfigs": []any{map[string]any{"kind": "compute#accessConfig", "type": "ONE_TO_ONE_NAT", "name": "external-nat", "natIP": i.PublicIPv4, "networkTier": "PREMIUM"}},
		}},
		"disks": []any{map[string]any{
			"kind": "compute#attachedDisk", "type": "PERSISTENT", "mode": "READ_WRITE", "boot": true, "autoDelete": true, "index": 0, "deviceName": "persistent-disk-0",
			"interface": "SCSI", "diskSizeGb": strconv.Itoa(i.DiskSize), "source": c.link("zones/%s/disks/%s", i.Zone, i.Name),
		}},
		"scheduling":             map[string]any{"onHostMaintenance": "MIGRATE", "automaticRestart": true, "preemptible": false, "provisioningModel": "STANDARD"},
		"shieldedInstanceConfig": map[string]any{"enableSecureBoot": false, "enableVtpm": true, "enableIntegrityMonitoring": true},
		"deletionProtection":     false, "canIpForward": false, "startRestricted": false,
	}
}

// getDisk shows the boot disk of an instance, which is called like it.
func (c *Cloud) getDisk(r *http.Request) (any, *refused) {
	i := c.named(r)
	if i == nil {
		return nil, notFound(r)
	}
	return map[string]any{
		"kind": "compute#disk", "id": strconv.FormatUint(i.id, 10), "name": i.Name, "status": "READY", "sizeGb": strconv.Itoa(i.DiskSize),
		"zone": c.link("zones/%s", i.Zone), "type": c.link("zones/%s/diskTypes/%s", i.Zone, i.DiskType), "selfLink": c.link("zones/%s/disks/%s", i.Zone, i.Name),
		"sourceImage": "https://www.googleapis.com" + base + i.Image, "users": []string{c.link("zones/%s/instances/%s", i.Zone, i.Name)},
	}, nil
}
