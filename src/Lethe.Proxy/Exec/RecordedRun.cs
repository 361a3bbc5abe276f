using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exec;

/// <summary>One run of an agent: what came in by its own base addresses is its, whoever else goes through the same lethe.</summary>
internal sealed record RecordedRun(ExchangeId Id, DateTimeOffset StartedAt, int ExitCode)
{
    /// <summary>Runs the agent to its end.</summary>
    /// <param name="door">The forwarding door's address.</param>
    public static async Task<RecordedRun> OfAsync(ExecPlan plan, string door, TextWriter error)
    {
        var startedAt = TimeProvider.System.GetUtcNow();
        var id = ExchangeId.New(startedAt);
        return new RecordedRun(id, startedAt, await AgentProcess.RunAsync(plan.At(door + RunPrefix.Of(id)), error));
    }

    /// <summary>What it said, as far as it is stored, in the order that it began in.</summary>
    public IReadOnlyList<ExchangeRecord> Exchanges(StoreReader store, string journalDirectory)
    {
        using var journal = new JournalBodies(journalDirectory);
        return [.. store.ExchangesWithBodies(Organisation.None, new ExchangeFilter { Since = StartedAt })
            .Where(exchange => exchange.BodyAt is { } at && journal.TryReadHead(at)?.RequestHeaders.First(RunPrefix.Header) == Id.ToString())
            .Select(exchange => exchange.Record)];
    }
}
