using System.Security.Cryptography;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Repeats;

/// <summary>The hash of a request of the journal, gone on with from where an earlier body's was kept.</summary>
internal static class RequestHash
{
    /// <param name="from">Where the body was read from; null for the whole of it.</param>
    /// <param name="point">Where a later body may be gone on from: it keeps the hash of what is before.</param>
    public static CapturedBody Of(CapturedBody body, GrownBody grown, ResumePoint? from, ResumePoint? point)
    {
        if (body.Sha256 is not null || !body.IsWhole)
        {
            return body;
        }

        var before = from?.Hash();
        var at = before is null ? 0 : from!.End;
        using var hash = before ?? IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var rest = grown.Behind(at).Span;
        if (point is not null)
        {
            hash.AppendData(rest[..(point.End - at)]);
            point.Keep(hash);
            rest = rest[(point.End - at)..];
        }

        hash.AppendData(rest);
        return body with { Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset()) };
    }
}
