namespace Lethe.Ingest.Reading;

/// <summary>So many neighbours in the order of commits, of which it is known between which times they were captured.</summary>
internal static class SearchSpan
{
    private const int Exchanges = 1_024;

    public static long Of(long ingested) => ingested / Exchanges;

    public static (long First, long Last) Documents(long span) =>
        (new SearchCursor(span * Exchanges, 0).Document, new SearchCursor((span + 1) * Exchanges, 0).Document - 1);
}
