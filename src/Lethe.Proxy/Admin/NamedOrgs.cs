using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;

namespace Lethe.Proxy.Admin;

/// <summary>The organisations that a request is about: one, or all of them where an administrator asks with <c>org=*</c>.</summary>
internal static class NamedOrgs
{
    public const string All = "*";

    public static IReadOnlyList<string> Of(HttpContext context, StoreReader reader) => Caller.OrgOf(context) is var org && org == All ? reader.Organisations() : [org];

    /// <summary>What answers in one of them; null when nothing does, or something in several.</summary>
    public static T? Find<T>(HttpContext context, StoreReader reader, Func<string, T?> find)
        where T : class
    {
        var found = Of(context, reader).Select(find).OfType<T>().Take(2).ToList();
        return found is [var only] ? only : null;
    }
}
