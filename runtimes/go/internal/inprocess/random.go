// SPDX-License-Identifier: MIT

package inprocess

// Draw is number `index` of those that a seed gives: splitmix64 (Steele, Lea, Flood 2014).
func Draw(seed, index uint64) uint64 {
	z := seed + (index+1)*0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}
