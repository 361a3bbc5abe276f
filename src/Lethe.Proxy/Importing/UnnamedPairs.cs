using Lethe.Ingest.Reading;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>A call of a transcript; what it is recognised by where its answer has no id.</summary>
internal sealed record ToldCall(ComparedSum Sum, UnnamedCall? Unnamed);

/// <summary>Calls without an id beside those that doors have heard, each of which is one of them at most: first what is surely the same, then what said the same.</summary>
internal sealed class UnnamedPairs
{
    private readonly Dictionary<string, string> keys = [];

    public UnnamedPairs(Dictionary<string, ToldCall> transcript, IReadOnlyList<ExchangeRecord> heard)
    {
        var rest = transcript.Where(call => call.Value.Unnamed is not null).ToDictionary(call => call.Key, call => call.Value.Unnamed!);
        Pair(rest, heard, (call, one) => call.IsSurely(one));
        Pair(rest, heard, (call, one) => call.HasReplyOf(one));
        Uncertain = rest.Values.Count(call => heard.Any(one => !keys.ContainsKey(one.ExchangeId) && call.IsNear(one)));
    }

    /// <summary>Calls that none is the same as, though something was heard at their time.</summary>
    public long Uncertain { get; }

    /// <summary>The transcript's call that this is; null where it is none of those without an id.</summary>
    public string? KeyOf(ExchangeRecord heard) => keys.GetValueOrDefault(heard.ExchangeId);

    private void Pair(Dictionary<string, UnnamedCall> rest, IReadOnlyList<ExchangeRecord> heard, Func<UnnamedCall, ExchangeRecord, bool> isSame)
    {
        foreach (var (key, call) in rest.ToList())
        {
            if (heard.FirstOrDefault(one => !keys.ContainsKey(one.ExchangeId) && isSame(call, one)) is { } same)
            {
                keys[same.ExchangeId] = key;
                rest.Remove(key);
            }
        }
    }
}
