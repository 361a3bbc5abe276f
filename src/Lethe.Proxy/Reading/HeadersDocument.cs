using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Reading;

/// <summary>A call's headers as they were kept, in their order: credentials are gone, and those that are on no list of what is kept are left out, names and all.</summary>
internal sealed record HeadersDocument(string ExchangeId, int? Status, IReadOnlyList<HeaderField> Request, IReadOnlyList<HeaderField> Response, IReadOnlyList<HeaderField> Trailers);

/// <summary>The calls that are on their way.</summary>
internal sealed record InflightDocument(IReadOnlyList<Recording.OpenCall> Items);
