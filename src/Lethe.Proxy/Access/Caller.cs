using Lethe.Capture.Exchanges;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Access;

/// <summary>Who asks: the bearer of a token, or anyone at all where none is needed.</summary>
/// <param name="Org">The organisation whose records it may see; null for all of them.</param>
internal sealed record Caller(string? Org, string? Subject, IReadOnlyList<string> Scopes)
{
    public static readonly Caller Anyone = new(null, null, AccessScope.All);

    /// <summary>Who may administer may name another organisation; what it hands in is its own in any case.</summary>
    public bool MaySee(string org) => Org is null || Org == org || Scopes.Contains(AccessScope.Admin);

    /// <summary>The caller of a request that has passed the guard.</summary>
    public static Caller Of(HttpContext context) => context.Features.GetRequiredFeature<Caller>();

    /// <summary>The organisation that a request is about: the caller's own where it has one, else the one that the request names, else nobody's in particular.</summary>
    public static string OrgOf(HttpContext context) =>
        context.Request.Query["org"] is [{ Length: > 0 } named] && Of(context).MaySee(named) ? named : OwnOf(context);

    /// <summary>The caller's own organisation, whatever the request names.</summary>
    public static string OwnOf(HttpContext context) => Of(context).Org ?? Organisation.None;
}
