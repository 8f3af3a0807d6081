import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { programAt, run } from "./commands.ts";

const COUNT = 60;

/** Makes volumes on a node that has nobody who makes them on demand: folders, each a PersistentVolume of `storageClass`. */
export async function makeVolumes(kubeconfig: string, folder: string, storageClass: string): Promise<void> {
  const names = Array.from({ length: COUNT }, (_, i) => `fleet-${i}`);
  for (const name of names) {
    await mkdir(join(folder, name), { recursive: true });
    await chmod(join(folder, name), 0o777); // Whose pods will write there is not known yet.
  }
  const manifests = [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: storageClass },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "WaitForFirstConsumer",
    },
    ...names.map((name) => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        capacity: { storage: "100Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: storageClass,
        persistentVolumeReclaimPolicy: "Retain",
        hostPath: { path: join(folder, name) },
      },
    })),
  ];
  await run(programAt("kubectl"), ["apply", "-f", "-"], {
    environment: { KUBECONFIG: kubeconfig },
    input: JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }),
  });
}
