using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>How many root sessions there are of each kind, the most first; states and troubles are counted among the newest.</summary>
/// <param name="Sessions">All of them.</param>
/// <param name="LookedAt">How many <see cref="State"/> and <see cref="Trouble"/> count.</param>
public sealed record FacetsDocument(
    long Sessions, IReadOnlyList<Facet> Harness, IReadOnlyList<Facet> Model, IReadOnlyList<Facet> Project, IReadOnlyList<Facet> State, IReadOnlyList<Facet> Trouble, int LookedAt)
{
    private const int NewestMax = 200;

    internal static FacetsDocument Of(StoreReader reader, SessionListing listing, IReadOnlyList<string> orgs, SessionFilter filter)
    {
        filter = filter with { RootsAlone = true };
        var found = orgs.Select(org => reader.Facets(org, filter)).ToList();
        var newest = listing.Page(orgs, new SessionQuestion(filter, null, [], null), NewestMax).Sessions;
        return new FacetsDocument(
            found.Sum(facets => facets.Sessions),
            Together(found.SelectMany(facets => facets.Harnesses)),
            Together(found.SelectMany(facets => facets.Models)),
            Together(found.SelectMany(facets => facets.Projects)),
            Together(newest.Select(session => new Facet(session.State!, 1))),
            Together(newest.SelectMany(session => session.Trouble!).Select(trouble => new Facet(trouble, 1))),
            newest.Count);
    }

    private static IReadOnlyList<Facet> Together(IEnumerable<Facet> facets) =>
        [.. facets.GroupBy(facet => facet.Value).Select(same => new Facet(same.Key, same.Sum(facet => facet.Count))).OrderByDescending(facet => facet.Count).ThenBy(facet => facet.Value, StringComparer.Ordinal)];
}
