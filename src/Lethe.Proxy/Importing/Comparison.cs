using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Importing;

/// <summary>Transcripts beside what the doors have heard of the same sessions, call by call, by the ids that vendors gave the answers.</summary>
internal sealed class Comparison(StoreReader reader)
{
    private const string Import = "import";

    private readonly ExchangeInterpreter interpreter = new(PriceBook.Embedded);
    private readonly Dictionary<(string Harness, string Session), Dictionary<string, ComparedSum>> told = [];

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
        calls[meaning.Turn?.ResponseId ?? call.CommitKey] =
            new ComparedSum(1, usage?.InputTotal ?? 0, usage?.CacheRead ?? 0, usage?.CacheWrite ?? 0, usage?.Output ?? 0, meaning.Cost?.NanoUsd ?? 0);
    }

    /// <summary>All sessions of which a transcript has told, by their ids.</summary>
    public IReadOnlyList<ComparedSession> Compare() =>
        [.. told.OrderBy(session => session.Key.Session, StringComparer.Ordinal).Select(session => Compare(session.Key.Harness, session.Key.Session, session.Value))];

    private ComparedSession Compare(string harness, string session, Dictionary<string, ComparedSum> transcript)
    {
        var id = StoreReader.SessionIdOf(Organisation.None, harness, session);
        var wire = new Dictionary<string, ComparedSum>();
        var beside = 0L;
        foreach (var heard in reader.Exchanges(Organisation.None, new ExchangeFilter { SessionId = id }).Where(heard => heard.CaptureMode != Import && heard.Turn?.Seq is not null))
        {
            if (heard.RequestKind is null or "main" or "sub_agent" || (heard.ResponseId is not null && transcript.ContainsKey(heard.ResponseId)))
            {
                wire[heard.ResponseId ?? heard.ExchangeId] = SumOf(heard);
            }
            else
            {
                beside++;
            }
        }

        var onlyTold = transcript.Keys.Count(call => !wire.ContainsKey(call));
        var onlyHeard = wire.Keys.Count(call => !transcript.ContainsKey(call));
        var differing = transcript.Count(call => wire.TryGetValue(call.Key, out var heard) && heard != call.Value);
        return new ComparedSession(
            id,
            harness,
            session,
            wire.Count + beside == 0 ? "not_captured" : onlyTold + onlyHeard + differing == 0 ? "equal" : "differs",
            onlyTold,
            onlyHeard,
            beside,
            differing,
            transcript.Values.Aggregate(default(ComparedSum), (sum, call) => sum + call),
            wire.Values.Aggregate(default(ComparedSum), (sum, call) => sum + call));
    }

    private static ComparedSum SumOf(ExchangeRecord heard) => new(
        1,
        heard.Usage?.InputTokens ?? 0,
        heard.Usage?.CacheReadTokens ?? 0,
        heard.Usage?.CacheWriteTokens ?? 0,
        heard.Usage?.OutputTokens ?? 0,
        heard.CostNanoUsd ?? 0);
}
