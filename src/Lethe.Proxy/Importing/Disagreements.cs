using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>
/// What transcripts and the wire disagree about in the sessions that both tell of, call by call: by the ids that vendors gave the answers, and where a transcript has none by all
/// that a call is recognised by.
/// </summary>
internal sealed class Disagreements(StoreReader reader)
{
    private readonly ExchangeInterpreter interpreter = new(PriceBook.Embedded);
    private readonly Dictionary<(string Harness, string Session), Dictionary<string, ToldCall>> told = [];

    /// <summary>A call out of a transcript.</summary>
    public void Add(CapturedExchange call)
    {
        var meaning = interpreter.Interpret(call);
        if (meaning.Envelope.HarnessSessionId is not { Length: > 0 } session)
        {
            return;
        }

        var usage = meaning.Turn?.Usage;
        var calls = told.TryGetValue((meaning.Envelope.HarnessId, session), out var known) ? known : told[(meaning.Envelope.HarnessId, session)] = [];
        calls[meaning.Turn?.ResponseId ?? call.CommitKey] = new ToldCall(
            new ComparedSum(1, usage?.InputTotal ?? 0, usage?.CacheRead ?? 0, usage?.CacheWrite ?? 0, usage?.Output ?? 0, meaning.Cost?.NanoUsd ?? 0), UnnamedCall.Of(meaning));
    }

    /// <summary>All sessions of which a transcript has told, by their ids; one that several organisations have had heard stands once for each.</summary>
    public IReadOnlyList<ComparedSession> Compare(IReadOnlyList<string> orgs) =>
        [.. told.OrderBy(session => session.Key.Session, StringComparer.Ordinal).SelectMany(session => Compare(orgs, session.Key.Harness, session.Key.Session, session.Value))];

    private List<ComparedSession> Compare(IReadOnlyList<string> orgs, string harness, string session, Dictionary<string, ToldCall> transcript)
    {
        var sum = transcript.Values.Aggregate(default(ComparedSum), (sum, call) => sum + call.Sum);
        var heard = orgs.Select(org => Compare(org, harness, session, transcript, sum)).OfType<ComparedSession>().ToList();
        return heard.Count > 0
            ? heard
            : [new ComparedSession(null, StoreReader.SessionIdOf(Organisation.None, harness, session), harness, session, "not_captured", transcript.Count, 0, 0, 0, 0, sum, default)];
    }

    // Null where no door has heard anything of it.
    private ComparedSession? Compare(string org, string harness, string session, Dictionary<string, ToldCall> transcript, ComparedSum sum)
    {
        var id = StoreReader.SessionIdOf(org, harness, session);
        var turns = reader.Exchanges(org, new ExchangeFilter { SessionId = id }).Where(heard => heard.CaptureMode != ExchangeFacts.Import && heard.Turn?.Seq is not null).ToList();
        if (turns.Count == 0)
        {
            return null;
        }

        var unnamed = new UnnamedPairs(transcript, turns);
        string KeyOf(ExchangeRecord heard) => unnamed.KeyOf(heard) ?? heard.ResponseId ?? heard.ExchangeId;
        var wire = turns.Where(heard => heard.RequestKind is null or "main" or "sub_agent" || transcript.ContainsKey(KeyOf(heard))).GroupBy(KeyOf)
            .ToDictionary(same => same.Key, same => SumOf(same.Last()));
        var onlyTold = transcript.Keys.Count(call => !wire.ContainsKey(call));
        var onlyHeard = wire.Keys.Count(call => !transcript.ContainsKey(call));
        var differing = transcript.Count(call => wire.TryGetValue(call.Key, out var heard) && heard != call.Value.Sum);
        return new ComparedSession(
            org,
            id,
            harness,
            session,
            onlyTold + onlyHeard + differing == 0 ? "equal" : "differs",
            onlyTold,
            onlyHeard,
            turns.Count(heard => !wire.ContainsKey(KeyOf(heard))),
            differing,
            unnamed.Uncertain,
            sum,
            wire.Values.Aggregate(default(ComparedSum), (all, call) => all + call));
    }

    private static ComparedSum SumOf(ExchangeRecord heard) => new(
        1,
        heard.Usage?.InputTokens ?? 0,
        heard.Usage?.CacheReadTokens ?? 0,
        heard.Usage?.CacheWriteTokens ?? 0,
        heard.Usage?.OutputTokens ?? 0,
        heard.CostNanoUsd ?? 0);
}
