using System.Security.Cryptography;

namespace Lethe.Ingest.Journaling;

/// <summary>
/// Brings a journal into a state that can be written on, from its last segment alone: leftovers removed, what a crash tore off cut, the end and the open
/// calls found. Damage is told, never a reason not to start.
/// </summary>
internal static class JournalRecovery
{
    public static JournalTail Run(string directory, JournalDisk disk)
    {
        JournalDirectory.RemoveLeftovers(directory, disk);
        var (cutSegment, cutBytes) = (0L, 0L);
        var faults = new List<JournalFault>();
        while (JournalDirectory.Segments(directory) is { Count: > 0 } segments)
        {
            var last = segments[^1];
            var end = SegmentEnd.Find(directory, last);
            if (end.IsWhole(directory, segments))
            {
                faults.AddRange(end.Faults);
                if (Cut(directory, last, end, disk) is > 0 and var cut)
                {
                    (cutSegment, cutBytes) = (last, cutBytes + cut);
                }

                var id = Identify(directory, end, faults, disk);
                var repair = new JournalRepair(cutSegment, cutBytes, end.Open.Count, faults);
                return new JournalTail(id, new JournalPosition(id, last, end.LinesEnd, end.NextSequence), end.Seal, end.Open, repair);
            }

            // Nothing of it was ever synced, for not even what it follows was: nothing of it was ever acknowledged.
            faults.AddRange(end.Faults);
            (cutSegment, cutBytes) = (last, cutBytes + Remove(directory, last, disk));
        }

        var made = JournalIdentity.OfFile(directory) ?? new Guid(RandomNumberGenerator.GetBytes(16));
        JournalIdentity.Write(directory, made, disk);
        return new JournalTail(
            made, new JournalPosition(made, 1, 0, 1), new byte[JournalLine.SealBytes], [], new JournalRepair(cutSegment, cutBytes, 0, faults));
    }

    private static long Cut(string directory, long segment, SegmentEnd end, JournalDisk disk)
    {
        if (end.IsSealed)
        {
            return 0;
        }

        long cut;
        using (var lines = JournalDirectory.OpenFile(JournalDirectory.PlainPath(directory, segment, SegmentPart.Lines), FileMode.Open, FileShare.ReadWrite | FileShare.Delete))
        {
            cut = lines.Length - end.LinesEnd;
            if (cut > 0)
            {
                disk.SetLength(lines.SafeFileHandle, end.LinesEnd);
            }

            // What is read from here on must not be lost to power any more.
            disk.Sync(lines.SafeFileHandle);
        }

        var path = JournalDirectory.PlainPath(directory, segment, SegmentPart.Bodies);
        if (!File.Exists(path))
        {
            return cut;
        }

        using var bodies = JournalDirectory.OpenFile(path, FileMode.Open, FileShare.ReadWrite | FileShare.Delete);
        if (!end.IsDamaged && bodies.Length > end.BodiesEnd)
        {
            disk.SetLength(bodies.SafeFileHandle, end.BodiesEnd);
        }

        disk.Sync(bodies.SafeFileHandle);
        return cut;
    }

    private static long Remove(string directory, long segment, JournalDisk disk)
    {
        var bytes = new FileInfo(JournalDirectory.PlainPath(directory, segment, SegmentPart.Lines)).Length;
        disk.Delete(JournalDirectory.PlainPath(directory, segment, SegmentPart.Lines));
        disk.Delete(JournalDirectory.PlainPath(directory, segment, SegmentPart.Bodies));
        disk.SyncDirectory(directory);
        return bytes;
    }

    private static Guid Identify(string directory, SegmentEnd end, List<JournalFault> faults, JournalDisk disk)
    {
        var inFile = JournalIdentity.OfFile(directory);
        var id = end.Journal ?? inFile ?? JournalIdentity.Of(directory);
        if (inFile != id)
        {
            faults.Add(new JournalFault(JournalFaultKind.WrongJournal, new JournalPosition(id, 0, 0, 0), $"The journal's file names {inFile?.ToString() ?? "nothing"}; its segments are of {id}."));
            JournalIdentity.Write(directory, id, disk);
        }

        return id;
    }
}
