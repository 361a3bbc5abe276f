using System.Collections.Concurrent;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Sqlite;
using Microsoft.Extensions.Logging;

namespace Lethe.Ingest.Ingesting;

/// <summary>
/// From exchanges to deliveries, in the journal's order: one by one as the calls leave time, or on every processor once that would leave ingest too far behind.
/// </summary>
internal sealed class Interpretation(Func<CapturedExchange, InterpretedExchange> interpret, IngestSettings settings, TimeProvider time, ILogger logger)
{
    /// <summary>A batch that ran out of memory so often goes one by one, and what it fails on is kept undecoded.</summary>
    private const int WholeTriesMax = 3;

    /// <param name="pace">Null where nothing gives way.</param>
    public IReadOnlyList<ExchangeDelivery> Of(IngestBatch batch, BackgroundPace? pace, CancellationToken stopping)
    {
        var exchanges = batch.Exchanges;
        var deliveries = new ExchangeDelivery[exchanges.Count];
        var isLastTry = batch.Failures >= WholeTriesMax;
        var next = 0;
        for (; next < deliveries.Length && (isLastTry || (pace is not null && !IsLate(exchanges[next].Exchange))); next++)
        {
            pace?.GiveWay(stopping);
            stopping.ThrowIfCancellationRequested();
            deliveries[next] = Of(exchanges[next], isLastTry);
        }

        if (next < deliveries.Length)
        {
            var all = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stopping };
            Parallel.ForEach(Partitioner.Create(Conversations(exchanges, next), loadBalance: true), all, places =>
            {
                foreach (var place in places)
                {
                    stopping.ThrowIfCancellationRequested();
                    deliveries[place] = Of(exchanges[place], isLastTry);
                }
            });
        }

        return deliveries;
    }

    /// <summary>The places of what is left, bodies that grow out of each other together and in their order: each is gone on with from the one before.</summary>
    private static List<List<int>> Conversations(IReadOnlyList<JournaledExchange> exchanges, int from)
    {
        var all = new List<List<int>>();
        var byBody = new Dictionary<long, List<int>>();
        for (var place = from; place < exchanges.Count; place++)
        {
            var body = exchanges[place].Exchange.Request.Grown?.From;
            if (body is not { } origin || !byBody.TryGetValue(origin.Earlier, out var conversation))
            {
                conversation = [];
                all.Add(conversation);
            }

            conversation.Add(place);
            if (body is { } grown)
            {
                byBody[grown.Id] = conversation;
            }
        }

        return all;
    }

    /// <summary>It ended so long ago that it has to be taken in now, whatever else there is to do.</summary>
    public bool IsLate(CapturedExchange exchange) => Age(exchange) > settings.LagMax;

    /// <summary>How long ago it ended; below zero when a clock was set.</summary>
    public TimeSpan Age(CapturedExchange exchange) => time.GetUtcNow() - exchange.CapturedAt - (exchange.Duration ?? TimeSpan.Zero);

    private ExchangeDelivery Of(JournaledExchange journaled, bool isLastTry)
    {
        var began = time.GetTimestamp();
        var delivery = ExchangeDelivery.Of(journaled, isLastTry ? InterpretAtLast : interpret, out var bug);
        DeliveryMeasures.Decoded(delivery.Told, time.GetElapsedTime(began));
        // All is told of it, and a batch waits long for its commit.
        journaled.Exchange.Request.Grown?.LetGo();
        if (bug is not null)
        {
            Log.InterpreterFailed(logger, journaled.Exchange.Id, bug);
        }

        return delivery;
    }

    private InterpretedExchange InterpretAtLast(CapturedExchange exchange)
    {
        try
        {
            return interpret(exchange);
        }
        catch (OutOfMemoryException always)
        {
            throw new InvalidOperationException("It needs more memory than there is.", always);
        }
    }
}
