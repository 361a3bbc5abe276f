using Lethe.Proxy.Page.Captured;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Page.Health;

/// <summary>How journal, store and ingest are, a line each; what is wrong first.</summary>
internal static class HealthFacts
{
    public static IReadOnlyList<(string Name, string Value, bool IsBad)> Of(PipelineState state)
    {
        var facts = new List<(string Name, string Value, bool IsBad)>
        {
            ("journal", state.JournalWritable ? "writable" : "the disk refuses: captures wait in memory", !state.JournalWritable),
            ("store", state.StoreReachable ? "reachable" : "not reachable", !state.StoreReachable),
            ("ingest", state.Ingest.Replace('_', ' ') + (state.IngestReason is { } why ? ": " + why : ""), state.IngestReason is not null),
            ("behind", $"{Figure.Exact(state.LagRecords)} lines, {Figure.Bytes(state.LagBytes)}", false),
            ("open calls", Figure.Exact(state.OpenCalls), false),
        };
        if (state.Keeping is { } keeping)
        {
            facts.Add(("retention", $"{Figure.Exact(keeping.WordsExpired)} expired, {Figure.Exact(keeping.WordsErased)} erased, {Figure.Exact(keeping.RecordsRemoved)} removed{(keeping.Failure is { } failure ? ": " + failure : "")}", keeping.Failure is not null));
        }

        return [.. facts.OrderByDescending(fact => fact.IsBad)];
    }
}
