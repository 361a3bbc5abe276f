using Lethe.Proxy.Page.Captured;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Health;

/// <summary>How journal, store and ingest are, a line each; what is wrong first.</summary>
internal static class HealthFacts
{
    private static readonly string[] Lost = ["lethe_drops_total", "lethe_journal_failures_total", "lethe_conflicts_total"];

    public static IReadOnlyList<(string Name, string Value, bool IsBad)> Of(HealthDocument health)
    {
        var state = health.State;
        var facts = new List<(string Name, string Value, bool IsBad)>
        {
            ("journal", state.JournalWritable ? "writable" : "the disk refuses: captures wait in memory", !state.JournalWritable),
            ("store", state.StoreReachable ? "reachable" : "not reachable", !state.StoreReachable),
            ("ingest", state.Ingest.Replace('_', ' ') + (state.IngestReason is { } why ? ": " + why : ""), state.IngestReason is not null),
            ("behind", $"{Figure.Exact(state.LagRecords)} lines, {Figure.Bytes(state.LagBytes)}", false),
            ("open calls", Figure.Exact(state.OpenCalls), false),
            ("listeners", Figure.Exact(health.Listeners), false),
        };
        if (state.Keeping is { } keeping)
        {
            facts.Add(("retention", $"{Figure.Exact(keeping.WordsExpired)} expired, {Figure.Exact(keeping.WordsErased)} erased, {Figure.Exact(keeping.RecordsRemoved)} removed{(keeping.Failure is { } failure ? ": " + failure : "")}", keeping.Failure is not null));
        }

        facts.Add(("last verify", health.LastVerify is { } verify
            ? $"{Figure.Day(verify.At)} UTC: {(verify.Faults == 0 ? "fine" : Figure.Plural(verify.Faults, "fault", "faults"))}{(verify.Parity ? ", with parity" : "")}"
            : "never run: lethe verify", health.LastVerify?.Faults > 0));
        if (health.Disk is { } disk)
        {
            facts.Add(("disk", $"journal {Figure.Bytes(disk.JournalBytes)} in {Figure.Plural(health.Segments, "segment", "segments")}, store {Figure.Bytes(disk.StoreBytes)}, {Figure.Bytes(disk.FreeBytes)} free", false));
        }

        facts.AddRange(health.Counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => (Words(count.Key), Figure.Exact((long)count.Value), count.Value > 0 && Array.Exists(Lost, name => count.Key.StartsWith(name, StringComparison.Ordinal)))));
        facts.AddRange(health.DeadLetters.Select(letters => ($"dead letters, {letters.Key}", Figure.Exact(letters.Value), true)));
        return [.. facts.OrderByDescending(fact => fact.IsBad)];
    }

    // lethe_drops_total{reason="memory"} as «drops, memory».
    private static string Words(string metric)
    {
        var (name, label) = metric.Split('"') is [var before, var value, ..] ? (before[..before.IndexOf('{', StringComparison.Ordinal)], ", " + value) : (metric, "");
        return (name.Replace("lethe_", "", StringComparison.Ordinal).Replace("_total", "", StringComparison.Ordinal) + label).Replace('_', ' ');
    }
}
