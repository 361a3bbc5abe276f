using System.Globalization;
using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>What calls cost and how they went, out of the sums that are kept with them.</summary>
internal static class FigureQueries
{
    private const long MicrosecondsPerDay = 24L * 3600 * 1_000_000;

    private static readonly (string Name, string Of)[] Sums =
    [
        .. new[] { "exchanges", "turns", "attempts", "errors", "input", "cache_read", "output", "reasoning", "cost_nano_usd", "unpriced_turns", "failed_cost_nano_usd" }.Select(name => (name, name)),
        ("cache_write", "cache_write_5m + cache_write_1h"),
    ];

    public static IReadOnlyList<Figures> Of(IReadConnections connections, string org, FigureFilter filter)
    {
        using var connection = connections.Open();
        if (connections.Org(connection.Db, org) is not { } owner)
        {
            return [];
        }

        var hours = Hours.Of(filter);
        var conditions = "true"
            + (filter.HarnessId is null ? "" : " AND harness_id = @HarnessId")
            + (filter.Model is null ? "" : " AND model = @Model")
            + (filter.Project is null ? "" : " AND project = @Project");
        var bucket = filter.Bucket is { } width ? $"hour / {width.Ticks / TimeSpan.TicksPerMicrosecond}" : "0";
        return [.. connection.Db.Query<FigureRow>(
            $"""
            SELECT {Key(filter.By)} AS key, {bucket} AS bucket, {string.Join(", ", Sums.Select(sum => $"CAST(sum({sum.Of}) AS bigint) AS {sum.Name}"))}
            FROM ({hours.Source}) f
            WHERE {conditions}
            GROUP BY 1, 2
            ORDER BY 2, 1
            """,
            new { owner, hours.Since, hours.Until, hours.FirstDay, hours.LastDay, filter.HarnessId, filter.Model, filter.Project }).Select(row => row.ToFigures(filter))];
    }

    private static string Key(FigureKey by) => by switch
    {
        FigureKey.Day => $"CAST(hour / {MicrosecondsPerDay} AS text)",
        FigureKey.Model => "model",
        FigureKey.Harness => "harness_id",
        FigureKey.Project => "project",
        FigureKey.Agent => "CASE is_agent WHEN 0 THEN 'main' ELSE 'sub-agents' END",
        FigureKey.Kind => "kind",
        _ => throw new ArgumentOutOfRangeException(nameof(by), by, null),
    };

    /// <summary>From one hour up to another, which is left out; and the whole days in between, from the first up to the last, which is left out.</summary>
    private readonly record struct Hours(long Since, long Until, long FirstDay, long LastDay)
    {
        private const string Columns =
            "harness_id, model, project, kind, is_agent, exchanges, turns, attempts, errors, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost_nano_usd, unpriced_turns, failed_cost_nano_usd";

        private const string Beginning = $"SELECT hour, {Columns} FROM figures WHERE org = @owner AND hour >= @Since AND hour < @FirstDay";
        private const string Days = $"SELECT day AS hour, {Columns} FROM figure_days WHERE org = @owner AND day >= @FirstDay AND day < @LastDay";
        private const string End = $"SELECT hour, {Columns} FROM figures WHERE org = @owner AND hour >= @LastDay AND hour < @Until";

        /// <summary>A day that is whole is read as one.</summary>
        public string Source => FirstDay < LastDay ? $"{Beginning} UNION ALL {Days} UNION ALL {End}" : End;

        public static Hours Of(FigureFilter filter)
        {
            var (since, until) = (Hour(filter.Since) ?? 0, Hour(filter.Until) ?? long.MaxValue);
            var (first, last) = (FloorOf(since + MicrosecondsPerDay - 1), FloorOf(until));
            var isByTheDay = filter.Bucket is not { } bucket || bucket.Ticks % TimeSpan.TicksPerDay == 0;
            return isByTheDay && first < last ? new Hours(since, until, first, last) : new Hours(since, until, since, since);
        }

        private static long FloorOf(long microseconds) => microseconds - (microseconds % MicrosecondsPerDay);

        private static long? Hour(DateTimeOffset? at) =>
            at is { } time ? Microseconds.Of(new DateTimeOffset(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero)) : null;
    }

    private sealed class FigureRow
    {
        public string Key { get; init; } = "";
        public long Bucket { get; init; }
        public long Exchanges { get; init; }
        public long Turns { get; init; }
        public long Attempts { get; init; }
        public long Errors { get; init; }
        public long Input { get; init; }
        public long CacheRead { get; init; }
        public long CacheWrite { get; init; }
        public long Output { get; init; }
        public long Reasoning { get; init; }
        public long CostNanoUsd { get; init; }
        public long UnpricedTurns { get; init; }
        public long FailedCostNanoUsd { get; init; }

        public Figures ToFigures(FigureFilter filter) => new()
        {
            Key = filter.By == FigureKey.Day ? Microseconds.ToTime(long.Parse(Key, CultureInfo.InvariantCulture) * MicrosecondsPerDay).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : Key,
            At = filter.Bucket is { } width ? DateTimeOffset.UnixEpoch + (width * Bucket) : null,
            Exchanges = Exchanges,
            Turns = Turns,
            Attempts = Attempts,
            Errors = Errors,
            Input = Input,
            CacheRead = CacheRead,
            CacheWrite = CacheWrite,
            Output = Output,
            Reasoning = Reasoning,
            CostNanoUsd = CostNanoUsd,
            UnpricedTurns = UnpricedTurns,
            FailedCostNanoUsd = FailedCostNanoUsd,
        };
    }
}
