using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Reading;

/// <summary>The problem document of <c>/readyz</c>, with how all of it is.</summary>
internal sealed record NotReadyDocument(string Detail, PipelineState State)
{
    public string Title { get; } = "Lethe cannot do all of its work now.";

    public int Status { get; } = StatusCodes.Status503ServiceUnavailable;

    public string Code { get; } = "not_ready";
}
