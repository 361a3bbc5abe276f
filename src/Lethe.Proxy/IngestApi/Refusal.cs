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

/// <summary>What was read of a payload or line: a call, or why there is none.</summary>
internal readonly record struct Reading(Recording.ProducedCall? Call, Refusal? Refusal)
{
    public static implicit operator Reading(Recording.ProducedCall call) => new(call, null);

    public static implicit operator Reading(Refusal refusal) => new(null, refusal);
}

/// <summary>Whose what comes in is: the credential's word, never the payload's.</summary>
internal sealed record Owner(string Org, string? Subject);
