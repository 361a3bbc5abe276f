using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>
/// The documents that hold a query's words and pieces of code, newest commit first, as far as the filters have them. Of what the index names no more than
/// <see cref="LookedAtMax"/> are looked at: a page costs the same in any store, and the next one goes on behind it.
/// </summary>
internal sealed class SearchWalk : IDisposable
{
    private const int LookedAtMax = 8_192;

    /// <summary>So many are passed over, by their numbers alone, for what it costs to look at one.</summary>
    private const int PassedForOne = 16;

    private const int LookedAtOnceMin = 64;
    private const int LookedAtOnceMax = 2_048;

    private readonly StoreMoment at;
    private readonly SearchFilter filter;
    private readonly HashSet<long>? ofSession;
    private readonly IEnumerator<long> documents;
    private readonly string conditions;
    private int lookedAt;
    private int passed;
    private int atOnce = LookedAtOnceMin;

    public SearchWalk(StoreMoment at, SearchQuery query, SearchFilter filter)
    {
        this.at = at;
        this.filter = filter;
        Place = filter.After;
        ofSession = filter.SessionId is null ? null : OfSession();
        conditions = Conditions();
        documents = Spans().SelectMany(span => at.Connections.Documents(at, query, span.First, span.Last)).GetEnumerator();
    }

    /// <summary>What was looked at last.</summary>
    public SearchCursor? Place { get; private set; }

    /// <summary>True when the index names nothing more.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>The next ones; empty at the end, and when as many were looked at as one page may.</summary>
    /// <param name="count">More than these are not looked for.</param>
    public IReadOnlyList<SearchCursor> Next(int count)
    {
        var found = new List<SearchCursor>();
        while (found.Count < count && lookedAt < LookedAtMax && !IsAtEnd)
        {
            var looked = Look(conditions.Length == 0 ? count : atOnce);
            found.AddRange(Fitting(looked));
            atOnce = Math.Min(LookedAtOnceMax, atOnce * 2);
        }

        return found;
    }

    public void Dispose() => documents.Dispose();

    private List<SearchCursor> Look(int count)
    {
        var looked = new List<SearchCursor>(count);
        while (looked.Count < count && lookedAt < LookedAtMax)
        {
            if (!documents.MoveNext())
            {
                IsAtEnd = true;
                break;
            }

            Place = SearchCursor.OfDocument(documents.Current);
            if ((filter.Parts.Count == 0 || filter.Parts.Contains(Place.Value.Part)) && ofSession?.Contains(Place.Value.Ingested) != false)
            {
                looked.Add(Place.Value);
                lookedAt++;
            }
            else if (++passed % PassedForOne == 0)
            {
                lookedAt++;
            }
        }

        return looked;
    }

    private IEnumerable<SearchCursor> Fitting(List<SearchCursor> looked)
    {
        if (conditions.Length == 0 || looked.Count == 0)
        {
            return looked;
        }

        var fitting = at.Db.Query<long>(
            $"SELECT ingested FROM exchange_records WHERE org = @Owner AND {at.Connections.IsAmong("ingested", "among")}{conditions}",
            new
            {
                at.Owner,
                among = looked.Select(place => place.Ingested).Distinct().ToArray(),
                filter.HarnessId,
                filter.Model,
                filter.Kind,
                since = Since,
                until = Until,
            },
            at.Snapshot).ToHashSet();
        return looked.Where(place => fitting.Contains(place.Ingested));
    }

    private long Since => filter.Since is { } since ? Microseconds.Of(since) : long.MinValue;

    private long Until => filter.Until is { } until ? Microseconds.Of(until) : long.MaxValue;

    private string Conditions() =>
        (filter.HarnessId is null ? "" : " AND harness_id = @HarnessId")
        + (filter.Model is null ? "" : " AND coalesce(model_served, model_requested) = @Model")
        + (filter.Kind is null ? "" : " AND request_kind = @Kind")
        + (filter.Since is null ? "" : " AND captured_at >= @since")
        + (filter.Until is null ? "" : " AND captured_at < @until");

    private HashSet<long> OfSession() => at.Db.Query<long>(
        $"SELECT ingested FROM exchange_records WHERE {at.Connections.Unsought("org")} = @Owner AND session_id = @session",
        new { at.Owner, session = at.Connections.SessionId(Guid.TryParse(filter.SessionId, out var id) ? id : Guid.Empty) },
        at.Snapshot).ToHashSet();

    // Where in the order of commits it can stand at all: times follow that order, but for what was imported.
    private IEnumerable<(long First, long Last)> Spans()
    {
        var before = filter.After is { } after ? after.Document - 1 : long.MaxValue;
        if (ofSession is { Count: 0 })
        {
            return [];
        }

        var (first, last) = ofSession is null
            ? (0L, before)
            : (new SearchCursor(ofSession.Min(), 0).Document, Math.Min(before, new SearchCursor(ofSession.Max() + 1, 0).Document - 1));
        return (filter.Since is null && filter.Until is null ? [(0L, long.MaxValue)] : SpansOfTime())
            .Select(span => (First: Math.Max(first, span.First), Last: Math.Min(last, span.Last)))
            .Where(span => span.First <= span.Last);
    }

    private List<(long First, long Last)> SpansOfTime()
    {
        var spans = new List<(long First, long Last)>();
        foreach (var span in at.Db.Query<long>(
            "SELECT span FROM search_spans WHERE org = @Owner AND latest >= @since AND earliest < @until ORDER BY span DESC", new { at.Owner, since = Since, until = Until }, at.Snapshot))
        {
            var (first, last) = SearchSpan.Documents(span);
            if (spans is [.., var newer] && newer.First == last + 1)
            {
                spans[^1] = (first, newer.Last);
            }
            else
            {
                spans.Add((first, last));
            }
        }

        return spans;
    }
}
