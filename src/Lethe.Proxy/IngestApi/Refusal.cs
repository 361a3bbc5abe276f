using Lethe.Capture.Exchanges;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.IngestApi;

/// <summary>Why one payload or line is not taken.</summary>
/// <param name="Status">What a request that holds nothing else is answered with.</param>
/// <param name="Code">Stable; programs may branch on it.</param>
/// <param name="Detail">Names the field; quotes nothing of what came.</param>
internal sealed record Refusal(int Status, string Code, string Detail)
{
    public static Refusal Malformed(string code, string detail) => new(StatusCodes.Status400BadRequest, code, detail);

    public static Refusal Rule(string code, string detail) => new(StatusCodes.Status422UnprocessableEntity, code, detail);

    public static readonly Refusal ForeignOrg = new(StatusCodes.Status403Forbidden, "foreign_org", "org_id: another organisation than the credential's.");
}

/// <summary>What was read of a payload or line: a call, or one that another recorder has shipped, or why there is none.</summary>
internal readonly record struct Reading(ProducedCall? Call, CapturedExchange? Shipped, Refusal? Refusal)
{
    public long Bytes => Shipped is { } exchange ? exchange.Request.KeptBytes + exchange.Response.KeptBytes : Call is { } call ? call.Request.Length + call.Response.Length : 0;

    public static implicit operator Reading(ProducedCall call) => new(call, null, null);

    public static implicit operator Reading(CapturedExchange shipped) => new(null, shipped, null);

    public static implicit operator Reading(Refusal refusal) => new(null, null, refusal);
}

/// <summary>Whose what comes in is: the credential's word, never the payload's.</summary>
internal sealed record Owner(string Org, string? Subject);
