namespace Lethe.Proxy.Access;

/// <summary>What may stand in the Host of a request.</summary>
internal enum HostRule
{
    /// <summary>A name that is ours.</summary>
    Own,

    /// <summary>And any name without a dot: the public DNS has none, so no page can bind one to our address, and whoever calls by one means a machine or a container.</summary>
    ShortNamesToo,

    /// <summary>Anything: what Envoy writes there is its cluster's name, which nobody looked up.</summary>
    Any,
}
